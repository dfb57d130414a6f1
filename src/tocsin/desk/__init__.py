"""Desk: open sources to drafts; its place is kept, it comes later. Never: shares."""
