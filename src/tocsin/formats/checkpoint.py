"""C2SP tlog-checkpoint: the text of a note that says how large a log is and what its root is.

    <origin>
    <size, decimal>
    <base64 of the 32-byte root>
    <extension line>                  none or more; not recommended, kept

https://c2sp.org/tlog-checkpoint; layout and test vectors stand in docs/formats/note.md.
"""

import base64
import re
from dataclasses import dataclass

from tocsin.errors import FormatError
from tocsin.formats.keys import decode_base64
from tocsin.formats.note import check_text

ROOT_BYTES = 32
MAX_SIZE = (1 << 63) - 1

_CODE = "format.checkpoint"
_DECIMAL = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A log's claim: at `size` leaves its RFC 6962 tree has this `root` (32 bytes). `origin` names the log.

    Origin and extension lines are non-empty lines of a note's text. FormatError("format.checkpoint") for anything else.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise FormatError(_CODE, "the size is not between 0 and 2^63-1")
        if len(self.root) != ROOT_BYTES:
            raise FormatError(_CODE, "the root is not 32 bytes")
        lines = (self.origin, *self.extensions)
        if not all(lines) or any("\n" in line for line in lines):
            raise FormatError(_CODE, "a line is empty or holds a newline")
        check_text(_lines_to_text(lines), _CODE)


def _lines_to_text(lines: tuple[str, ...]) -> bytes:
    try:
        return "".join(f"{line}\n" for line in lines).encode("utf-8")
    except UnicodeEncodeError:
        raise FormatError(_CODE, "a line cannot be written in UTF-8") from None


def parse(text: bytes) -> Checkpoint:
    """The checkpoint whose encode() is exactly `text` (a note's text), else FormatError("format.checkpoint")."""
    lines = check_text(text, _CODE).split("\n")[:-1]
    if len(lines) < 3:
        raise FormatError(_CODE, "a checkpoint has an origin, a size and a root, each on its line")
    origin, size, root, *extensions = lines
    if not _DECIMAL.fullmatch(size):
        raise FormatError(_CODE, "the size is not a plain decimal number")
    return Checkpoint(origin, int(size), decode_base64(root, _CODE), tuple(extensions))


def encode(checkpoint: Checkpoint) -> bytes:
    """The text whose parse() is exactly `checkpoint`; it is what the log signs."""
    root = base64.b64encode(checkpoint.root).decode("ascii")
    return _lines_to_text((checkpoint.origin, str(checkpoint.size), root, *checkpoint.extensions))
