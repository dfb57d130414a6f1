"""Console: what people see in a browser; its place is kept, it comes later."""
