"""Publish: from a draft to a sealed, committed batch. Owns: publish_releases, publish_approvals; epochs in memory. Reads: members, journal, tlog. Gives: batches. Never: signs before the fsync."""
