"""Members: who belongs, with which keys, in which channels. Owns: members_charters, members_channels. Reads: nothing. Gives: rosters. Never: guesses."""
