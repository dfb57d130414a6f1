"""Warn: the duty to warn. Owns: warn_duties, warn_duty_aims, warn_duty_sent. Reads: journal. Gives: open duties. Never: lets silence pass unnoticed."""
