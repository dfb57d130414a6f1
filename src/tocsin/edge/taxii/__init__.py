"""Taxii: TAXII 2.1 for reading, by account. Gives: collections, objects, manifests. Never: keeps a cursor in memory."""
