"""Reading: bytes of a capture to documents; every format with its limits before it is parsed."""

from tocsin.desk.reading.opening import Opened, capture_of, read

__all__ = ["Opened", "capture_of", "read"]
