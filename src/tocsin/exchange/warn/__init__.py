"""Warn: the duty to warn; its place is kept, it comes later. Owns: nothing yet. Reads: journal. Gives: nothing yet. Never: lets silence pass unnoticed."""
