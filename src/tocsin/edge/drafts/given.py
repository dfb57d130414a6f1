"""What was pasted or uploaded: STIX, a MISP event, or a text. Decided by its first bytes; what is none of them is refused."""

import re
from typing import Final

from tocsin.edge.drafts.store import Kind
from tocsin.errors import FormatError

MOST_TEXT: Final = 1024 * 1024
_LOOKED: Final = 4096
_MISP: Final = re.compile(rb'\s*[\[{]\s*(?:"response"\s*:\s*\[\s*)?\{?\s*"Event"\s*:')


def kind_of(data: bytes) -> Kind:
    """What it is. Raises FormatError("format.draft")."""
    start = data[:_LOOKED].removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise FormatError("format.draft", "there is nothing in it")
    if start[:1] in b"{[" and not start.startswith((b"[.]", b"[:")):
        return Kind.MISP if _MISP.match(start) else Kind.STIX
    text_of(data)
    return Kind.TEXT


def text_of(data: bytes) -> str:
    """It as text. Raises FormatError("format.draft")."""
    if len(data) > MOST_TEXT:
        raise FormatError("format.draft", f"a text has at most {MOST_TEXT} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError("format.draft", "it is neither JSON nor text in UTF-8") from error
    if "\x00" in text:
        raise FormatError("format.draft", "it is neither JSON nor text in UTF-8")
    return text
