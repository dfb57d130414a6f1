"""Fairness: giving and getting, from receipts; its place is kept, it comes later. Owns: nothing yet. Reads: journal. Gives: nothing yet. Never: ranks."""
