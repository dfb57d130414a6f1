"""Sqlite: the default store, one writer per file with group commit. Never: answers before the fsync that covers it."""
