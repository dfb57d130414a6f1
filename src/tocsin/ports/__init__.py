"""Ports: what we ask of the world. Protocols only."""
