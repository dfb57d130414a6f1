"""Formats: what things are, bytes to values and back, pure."""
