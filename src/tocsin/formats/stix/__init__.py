"""Stix: STIX 2.1 as data: our own declarative description of the standard, and the check by it."""
