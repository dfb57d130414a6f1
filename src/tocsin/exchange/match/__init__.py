"""Match: what we hold against what we see; its place is kept, it comes later. Owns: nothing yet. Reads: journal. Gives: nothing yet. Never: tells what we look for."""
