"""Demo: a whole federation on this machine. Gives: tocsin demo. Never: takes a short cut past the real commands."""
