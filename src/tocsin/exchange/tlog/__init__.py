"""Tlog: the transparency logs, ours and our peers'. Owns: tlog_logs, tlog_checkpoints, tlog_beats. Reads: journal. Gives: roots, checkpoints. Never: signs below what it signed."""
