"""Journal: the one ordered record of what happened here. Owns: journal_rows, journal_followers, journal_search. Reads: nothing. Gives: positions. Never: forgets an order."""
