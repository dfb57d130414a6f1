"""Deliver: carry our entries to their audience. Owns: deliver_receipts, deliver_erased. Reads: journal, tlog, members. Gives: receipts. Never: decides who may see what."""
