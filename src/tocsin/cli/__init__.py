"""Cli: a person's hands. Gives: the command tocsin. Never: decides; it asks the running node."""
