"""Heartbeats: a checkpoint with one extension line that says when its log's origin last vouched for it.

    <origin>
    <size, decimal>
    <base64 of the 32-byte root>
    beat <decimal microseconds since 1970>

Signed like any checkpoint of that log: "at this instant there is nothing after this size". Layout and vectors:
docs/formats/evidence.md.
"""

import re
from dataclasses import replace

from tocsin.errors import FormatError
from tocsin.formats.checkpoint import Checkpoint

MAX_BEAT_US = (1 << 63) - 1

_CODE = "format.checkpoint"
_LINE = re.compile("beat (0|[1-9][0-9]{0,18})")


def beating(plain: Checkpoint, beat_us: int) -> Checkpoint:
    """The heartbeat of a plain checkpoint at `beat_us` (0 to 2^63-1), else FormatError("format.checkpoint")."""
    if plain.extensions or not 0 <= beat_us <= MAX_BEAT_US:
        raise FormatError(_CODE, "a heartbeat is a plain checkpoint and a beat between 0 and 2^63-1")
    return replace(plain, extensions=(f"beat {beat_us}",))


def beat(checkpoint: Checkpoint) -> int | None:
    """The beat in microseconds since 1970; None for a plain checkpoint.

    Raises FormatError("format.checkpoint") for any other extension lines.
    """
    if not checkpoint.extensions:
        return None
    found = _LINE.fullmatch(checkpoint.extensions[0])
    if len(checkpoint.extensions) != 1 or found is None or int(found[1]) > MAX_BEAT_US:
        raise FormatError(_CODE, "the extension lines are not one beat")
    return int(found[1])
