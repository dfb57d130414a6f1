"""Tocsin, the alarm bell: sovereign members warn one another, sealed, at once, with receipts."""

__version__ = "0.1.0"
