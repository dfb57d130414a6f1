"""Backends: the world's real things behind ports. Gives: stores, clock, entropy, keys on disk."""
