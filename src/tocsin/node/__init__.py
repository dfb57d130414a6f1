"""Node: the one place where parts are chosen and joined. Gives: a running member. Never: holds a rule of the exchange."""
