"""Exchange: what happens, in the order of the data's way. Rooms on one line meet only through the journal."""
