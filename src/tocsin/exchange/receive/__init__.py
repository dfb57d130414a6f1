"""Receive: verify, store, then cosign. Owns: receive_refusals, receive_evidence. Reads: members, tlog. Gives: receipts. Never: cosigns before the fsync that covers it."""
