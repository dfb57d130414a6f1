"""Outside: two processes that have no key, no store and no setting of ours: one asks sources, one reads what they sent."""
