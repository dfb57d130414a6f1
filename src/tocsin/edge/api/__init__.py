"""Api: the people's HTTP API; its place is kept, it comes with the console."""
