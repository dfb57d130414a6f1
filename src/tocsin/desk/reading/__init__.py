"""Reading: bytes of a capture to documents; every format with its limits before it is parsed. Begin at `opening`."""
