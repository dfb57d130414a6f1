"""Receive: verify, store, then cosign. Owns: receive_refusals. Reads: members, tlog. Gives: receipts. Never: cosigns before the fsync that covers it."""
