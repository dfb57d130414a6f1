"""Nats: the grown bus, wake-up only; its place is kept, it comes later."""
