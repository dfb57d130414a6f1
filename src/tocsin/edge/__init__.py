"""Edge: how outsiders talk to us. Gives: doors. Never: reaches a backend by itself."""
