"""What two nodes say to each other on a link. docs/formats/protocol.md tells the order.

A message is one WebSocket binary message: the byte 0x46 ("F") and a frame, or the byte 0x4D ("M") and one MessagePack
array [tag, fields...]. Decoding then encoding gives the same bytes; everything else is FormatError("format.message").
"""

import re
from typing import Final

import msgspec

from tocsin.errors import FormatError
from tocsin.formats.frame import MAX_FRAME_BYTES, MAX_NOTE_BYTES

PROTOCOL: Final = 2  # the newest version we speak: 1 with charters, heads, relays and evidence
FLOOR: Final = PROTOCOL - 1  # the oldest, and never lower
MAX_MESSAGE_BYTES: Final = MAX_FRAME_BYTES + 1
MAX_CONTROL_BYTES: Final = 4 * 1024 * 1024
MAX_HEADS: Final = 1024  # in one message
MAX_CHAIN: Final = 100_000
_FRAME: Final = b"F"
_CONTROL: Final = b"M"
_SLOT: Final = slice(5, 37)  # in a message with a frame: formats.frame's head, after our own byte
_MAX: Final = 2**63 - 1
_CODE: Final = re.compile(r"[a-z]+\.[a-z-]+")  # a peer's code goes to diagnostics: nothing but a code may


class Hello(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="hello"):
    """First from both sides. `charter` is the SHA-256 of the charter's text, `nonce` 32 fresh bytes."""

    lowest: int
    highest: int
    handle: str
    charter: bytes
    nonce: bytes
    time_us: int
    software: str


class Proof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="proof"):
    """Second from both sides: the log key's signature over both hellos."""

    signature: bytes


class Position(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A log as one side holds it. `checkpoint`: the origin's signed note for that size, so that nobody need believe
    a mere word; empty for an empty log, and for one whose origin may not sign at present.
    """

    slot: bytes
    size: int
    root: bytes
    checkpoint: bytes


class State(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="state"):
    """Third from both sides: `held` = what I hold of your logs, `own` = my own logs in channels we share."""

    held: tuple[Position, ...]
    own: tuple[Position, ...]


class Notice(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="notice"):
    """A signed statement: a channel as the sender knows it, or an epoch key wrapped to the receiver."""

    statement: bytes


class Receipt(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="receipt"):
    """A C2SP cosignature/v1 by the receipt key over the origin's checkpoint of `size`: all up to there is stored."""

    slot: bytes
    size: int
    key_id: bytes
    blob: bytes


class Refusal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="refusal"):
    """A frame was not taken. `size` is what the sender of the refusal holds, so that the origin can begin there."""

    slot: bytes
    code: str
    size: int


class Chain(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="chain"):
    """Between hello and proof, when the charters differ: the digests of all charters that the sender has adopted.

    Who has more then sends, as notices, those that the other lacks.
    """

    digests: tuple[bytes, ...]


class Want(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="want"):
    """Send me this log, another member's or my own, from `size` on, until I want it no longer."""

    slot: bytes
    size: int
    wanted: bool


class Head(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A log as the sender knows it: the origin's signed checkpoint or heartbeat."""

    slot: bytes
    note: bytes


class Heads(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="heads"):
    """What the sender holds of logs that both may read; its own among them."""

    heads: tuple[Head, ...]


class Relayed(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="relayed"):
    """A receipt that another member gave for the receiver's log, passed on by a relay."""

    member: str
    slot: bytes
    size: int
    key_id: bytes
    blob: bytes


class Evidence(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag="evidence"):
    """Two signed statements that contradict each other (docs/formats/evidence.md)."""

    data: bytes


Control = Hello | Proof | State | Notice | Receipt | Refusal | Chain | Want | Heads | Relayed | Evidence
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Control)


def agree(mine: Hello, theirs: Hello) -> int | None:
    """The protocol version of a link: the highest that both ends speak, the same seen from either end.

    None where there is none, be it that one end has given up what the other still needs (its floor). Both hellos are
    signed by both ends, so that nobody between can talk them down.
    """
    highest = min(mine.highest, theirs.highest)
    return highest if highest >= max(mine.lowest, theirs.lowest) else None


def encode(message: Control) -> bytes:
    """A control message."""
    return _CONTROL + _ENCODER.encode(message)


def encode_frame(frame: bytes) -> bytes:
    """A message that carries a frame."""
    return _FRAME + frame


def slot_of(data: bytes) -> bytes | None:
    """Of which log a frame says to be, not yet looked into further; None for a control message."""
    return data[_SLOT] if data[:1] == _FRAME else None


def decode(data: bytes) -> Control | bytes:
    """A control message, or the bytes of a frame (not yet looked into). Raises FormatError."""
    if data[:1] == _FRAME and len(data) <= MAX_MESSAGE_BYTES:
        return data[1:]
    if data[:1] != _CONTROL or len(data) > MAX_CONTROL_BYTES:
        raise FormatError("format.message", "the message is of no kind we know, or too large")
    try:
        message: Control = _DECODER.decode(data[1:])
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError("format.message", "the control message is not one of this protocol version") from error
    if _ENCODER.encode(message) != data[1:]:
        raise FormatError("format.message", "the control message is not in its one canonical encoding")
    _check(message)
    return message


def _check(message: Control) -> None:
    if isinstance(message, State):
        positions = (*message.held, *message.own)
        wrong = any(len(p.slot) != 32 or len(p.root) != 32 or not 0 <= p.size <= _MAX for p in positions)
        wrong = wrong or any(len(p.checkpoint) > MAX_NOTE_BYTES for p in positions)
    elif isinstance(message, Receipt | Relayed):
        wrong = len(message.slot) != 32 or len(message.key_id) != 4 or len(message.blob) != 72
        wrong = wrong or not 0 <= message.size <= _MAX
    elif isinstance(message, Refusal):
        wrong = len(message.slot) != 32 or len(message.code) > 64 or not _CODE.fullmatch(message.code)
        wrong = wrong or not 0 <= message.size <= _MAX
    elif isinstance(message, Hello):
        wrong = len(message.charter) != 32 or len(message.nonce) != 32 or len(message.software) > 64
    elif isinstance(message, Chain):
        wrong = not 0 < len(message.digests) <= MAX_CHAIN or any(len(one) != 32 for one in message.digests)
    elif isinstance(message, Want):
        wrong = len(message.slot) != 32 or not 0 <= message.size <= _MAX
    elif isinstance(message, Heads):
        wrong = len(message.heads) > MAX_HEADS
        wrong = wrong or any(len(one.slot) != 32 or not 0 < len(one.note) <= MAX_NOTE_BYTES for one in message.heads)
    else:
        wrong = False
    if wrong:
        raise FormatError("format.message", "a field of the control message has the wrong length")
