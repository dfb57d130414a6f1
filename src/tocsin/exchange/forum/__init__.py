"""Forum: proposals, votes, meetings; its place is kept, it comes later. Owns: nothing yet. Reads: journal. Gives: nothing yet. Never: counts a vote twice."""
