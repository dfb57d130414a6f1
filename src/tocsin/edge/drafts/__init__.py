"""Drafts: what people of this house mean to share, kept here until it is sealed. Gives: previews, and shares that were shown. Never: leaves the node."""
