"""Demo: a whole federation on this machine. Gives: tocsin demo. Never: reaches into a node past its commands' own door."""
