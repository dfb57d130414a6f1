"""Postgres: the grown store; its place is kept, it comes later."""
