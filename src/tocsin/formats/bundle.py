"""Splitting a file of many objects into the exact bytes of each, while it arrives, in bounded memory.

Understood without being told which it is: a STIX 2.1 bundle (section 8), a TAXII 2.1 envelope (section 3.7), a JSON
array of objects, objects one per line or one after another, and a single object. A top-level object is a container if
it has an array under "objects"; its other properties belong to nobody and are skipped unread.

A slice is only balanced in braces and quotes. Whether it is JSON is for `strictjson` to say.
"""

import re
from collections.abc import Callable
from typing import NoReturn

from tocsin.errors import FormatError
from tocsin.formats.strictjson import MAX_OBJECT_BYTES

# The patterns give back nothing once taken (`*+`), so that each byte is looked at a fixed number of times, whatever it
# is: the longest way is that of brackets nested deeper than `_NESTED`, which are stepped over one by one.
_STRING = rb'"(?:[^"]*+(?<!\\)"|[^"\\]*+(?:\\.[^"\\]*+)*+")'
_PLAIN = rb'[^"{}\[\]]++'
_FLAT = rb"(?:%b|%b)*+" % (_PLAIN, _STRING)
_NESTED_1 = rb"\{%b\}|\[%b\]" % (_FLAT, _FLAT)
_DEEPER = rb"(?:%b|%b|%b)*+" % (_PLAIN, _STRING, _NESTED_1)
_NESTED = rb"\{%b\}|\[%b\]" % (_DEEPER, _DEEPER)
_KEY = b'"objects"'

_INSIDE = re.compile(rb"(?:%b|%b|%b)*+" % (_PLAIN, _STRING, _NESTED), re.DOTALL)
_TOP = re.compile(rb"(?:%b|(?!%b)%b|%b)*+" % (_PLAIN, _KEY, _STRING, _NESTED), re.DOTALL)
_STRING_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_SPACE = re.compile(rb"[ \t\n\r]*+")

_QUOTE, _COMMA, _COLON, _BACKSLASH = b'",:\\'
_OPEN_OBJECT, _CLOSE_OBJECT, _OPEN_ARRAY, _CLOSE_ARRAY = b"{}[]"
_OPEN = b"{["


class BundleSplitter:
    """Feed it chunks of any size; it returns the bytes of each object as soon as they are complete.

    At most one unfinished object and one chunk are held. What comes out, and which refusal ends it, does not depend on
    how the stream is cut: the objects before a fault are returned, and the next call raises the fault.

    Refused with `FormatError`: `format.json-size` for an object, or a container's other properties, of more than
    `max_object_bytes` bytes; `format.bundle` for any other shape, more than one "objects", and an early end. Messages
    count objects and bytes from the stream's start (objects from 1, bytes from 0).
    """

    def __init__(self, *, max_object_bytes: int = MAX_OBJECT_BYTES) -> None:
        self._max = max_object_bytes
        self._buffer = bytearray()
        self._dropped = 0  # bytes of the stream before the buffer
        self._at = 0  # next byte of the buffer to read
        self._start = 0  # where the current object, or the skipped part of a container, begins in the buffer
        self._depth = 0  # brackets open since `_start`
        self._found = 0  # objects returned
        self._in_container = False  # the current top-level object has shown its "objects"
        self._in_array = False  # the stream is one array
        self._is_blank = True  # nothing but white space so far
        self._last = _OPEN_ARRAY  # in an array of objects: the bracket or comma before this place
        self._step: Callable[[list[bytes]], bool] = self._between
        self._back: Callable[[list[bytes]], bool] = self._between  # where a string cut by the chunk's end leads back to
        self._fault: FormatError | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """The objects that `chunk` completes, in order, each as its exact bytes."""
        if self._fault:
            raise self._fault
        self._buffer += chunk
        found: list[bytes] = []
        try:
            while self._step(found):
                pass
            self._forget()
        except FormatError as fault:
            self._fault = fault
            self._buffer.clear()
            if not found:
                raise
        return found

    def close(self) -> list[bytes]:
        """End of the stream: nothing is left to return. Raises if the stream ended inside something."""
        if self._fault:
            raise self._fault
        if self._step not in {self._between, self._ended}:
            self._start = len(self._buffer)
            self._refuse(f"the stream ends inside object {self._found + 1} or its container")
        return []

    # Steps. Each reads on from `_at` and returns whether there is more to do with the bytes at hand.

    def _between(self, _found: list[bytes]) -> bool:
        """Outside everything: the next value is an object, or the one array."""
        byte = self._skip_space()
        if byte is None:
            return False
        self._start = self._at
        self._at += 1
        if byte == _OPEN_OBJECT:
            self._depth, self._in_container = 1, False
            self._step = self._top_level
        elif byte == _OPEN_ARRAY and self._is_blank:
            self._in_array, self._last = True, _OPEN_ARRAY
            self._step = self._items
        else:
            self._refuse("neither an object nor a list of objects")
        self._is_blank = False
        return True

    def _items(self, _found: list[bytes]) -> bool:
        """In an array of objects, between two of them."""
        byte = self._skip_space()
        if byte is None:
            return False
        self._start = self._at
        self._at += 1
        if byte == _OPEN_OBJECT and self._last != _CLOSE_OBJECT:
            self._depth = 1
            self._step = self._item
        elif byte == _COMMA and self._last == _CLOSE_OBJECT:
            self._last = _COMMA
        elif byte == _CLOSE_ARRAY and self._last != _COMMA:
            self._depth = 1
            self._step = self._ended if self._in_array else self._top_level
        else:
            self._refuse("a list may hold objects only, with one comma between two")
        return True

    def _item(self, found: list[bytes]) -> bool:
        """In one object of an array."""
        byte = self._run(_INSIDE, self._item)
        if byte is None:
            return False
        if self._cross(byte):
            self._take(found)
            self._last = _CLOSE_OBJECT
            self._step = self._items
        return True

    def _top_level(self, found: list[bytes]) -> bool:
        """In a top-level object, of which it is not yet known what it is, or whose "objects" are already done."""
        byte = self._run(_TOP if self._depth == 1 else _INSIDE, self._top_level)
        if byte is None:
            return False
        if byte == _QUOTE:
            self._at += len(_KEY)
            self._step = self._objects_colon
        elif self._cross(byte):
            if self._in_container:
                self._check_size(self._at)
            else:
                self._take(found)
            self._step = self._between
        return True

    def _objects_colon(self, _found: list[bytes]) -> bool:
        """After the string "objects" in a top-level object: a colon makes it the key."""
        byte = self._skip_space()
        if byte is None:
            return False
        self._step = self._objects_value if byte == _COLON else self._top_level
        self._at += byte == _COLON
        return True

    def _objects_value(self, _found: list[bytes]) -> bool:
        """After the key "objects": an array makes the object a container."""
        byte = self._skip_space()
        if byte is None:
            return False
        self._check_size(self._at)
        if self._in_container:
            self._refuse('a second "objects" in one container')
        self._step = self._top_level
        if byte == _OPEN_ARRAY:
            self._at += 1
            self._in_container, self._last = True, _OPEN_ARRAY
            self._step = self._items
        return True

    def _ended(self, _found: list[bytes]) -> bool:
        """After the one array of the stream."""
        if self._skip_space() is not None:
            self._start = self._at
            self._refuse("something follows the list")
        return False

    def _string(self, _found: list[bytes]) -> bool:
        """In a string that an earlier chunk began."""
        rest = _STRING_REST.match(self._buffer, self._at)
        self._at = rest.end() if rest else self._at
        if self._at == len(self._buffer) or self._buffer[self._at] == _BACKSLASH:
            return False
        self._at += 1
        self._step = self._back
        return True

    # Parts of steps.

    def _run(self, pattern: re.Pattern[bytes], step: Callable[[list[bytes]], bool]) -> int | None:
        """The next byte that `pattern` does not pass over: a bracket, or the quote of "objects". None at the end."""
        buffer = self._buffer
        run = pattern.match(buffer, self._at)
        self._at = at = run.end() if run else self._at
        if at == len(buffer):
            return None
        if buffer[at] != _QUOTE or (pattern is _TOP and buffer.startswith(_KEY, at)):
            return buffer[at]
        # A string begins that does not end here, unless it may still become "objects".
        if pattern is not _TOP or not _KEY.startswith(buffer[at : at + len(_KEY)]):
            self._at += 1
            self._step, self._back = self._string, step
        return None

    def _cross(self, bracket: int) -> bool:
        """Step over a bracket. True if it closes what began at `_start`."""
        self._at += 1
        self._depth += 1 if bracket in _OPEN else -1
        return self._depth == 0

    def _skip_space(self) -> int | None:
        """The next byte that is not white space, None if there is none yet."""
        space = _SPACE.match(self._buffer, self._at)
        self._at = space.end() if space else self._at
        return self._buffer[self._at] if self._at < len(self._buffer) else None

    def _take(self, found: list[bytes]) -> None:
        self._check_size(self._at)
        with memoryview(self._buffer) as view:
            found.append(bytes(view[self._start : self._at]))
        self._found += 1

    def _check_size(self, end: int) -> None:
        if end - self._start > self._max:
            what = "a container's other properties have" if self._in_container else "it has"
            at = self._dropped + self._start
            raise FormatError(
                "format.json-size", f"object {self._found + 1}, byte {at}: {what} more than {self._max} bytes"
            )

    def _forget(self) -> None:
        """Let go of the bytes that nobody will ask for again. Those of an unfinished object stay, if not too many."""
        keep = self._start
        if self._step in {self._between, self._items, self._ended}:
            keep = self._at
        else:
            self._check_size(len(self._buffer))
        del self._buffer[:keep]
        self._dropped += keep
        self._at -= keep
        self._start = 0

    def _refuse(self, what: str) -> NoReturn:
        raise FormatError("format.bundle", f"object {self._found + 1}, byte {self._dropped + self._start}: {what}")
