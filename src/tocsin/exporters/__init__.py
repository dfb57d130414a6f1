"""Exporters: indicators to detection rules; its place is kept, it comes later. Never: knows the exchange."""
