"""Misp: the MISP-compatible door; its place is kept, it comes later."""
