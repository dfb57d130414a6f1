"""Deliver: carry our entries to their audience. Owns: deliver_receipts. Reads: journal, tlog, members. Gives: receipts. Never: decides who may see what."""
