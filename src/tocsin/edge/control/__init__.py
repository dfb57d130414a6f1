"""Control: the local socket of the node, for its own operator. Gives: the commands their answers. Never: listens on a network."""
