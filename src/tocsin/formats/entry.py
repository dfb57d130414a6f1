"""L0: one entry of a channel log, and the salted commitment that is all the log keeps of it.

    header      27 bytes: version u8 = 1, content type u8, marking u8, seq u64, sent-at u64, keep-until u64 (big-endian,
                times in microseconds since 1970, keep-until 0 = no end)
    bytes       header || content          content = the exact JSON bytes that passed the gate
    commitment  HMAC-SHA256(salt, "tocsin/entry/v1" || slot || SHA-256(bytes))       32 bytes
    leaf        SHA-256(0x00 || commitment)                                         RFC 6962

Erasing an entry deletes content and salt and keeps the commitment, which then confirms no guess. An erased entry
travels as `erased()`: no header, no salt, its commitment in place of the content.
"""

from collections.abc import Iterable
from hashlib import sha256, shake_256
from hmac import new as new_hmac
from struct import Struct
from typing import Final, NamedTuple

from tocsin.errors import FormatError

VERSION: Final = 1
ERASED: Final = 0  # content type: nothing but the commitment is left; never in a header
STIX_21: Final = 1  # content type: application/stix+json;version=2.1
ERASE_ORDER: Final = 2  # content type: formats.erasure.TYPE
CONTENT_TYPES: Final = frozenset({STIX_21, ERASE_ORDER})
SALT_BYTES: Final = 32
HEADER_BYTES: Final = 27
_LAYOUT: Final = Struct(">BBBQQQ")
_DOMAIN: Final = b"tocsin/entry/v1"
_MAX: Final = 2**63 - 1


class Handling(NamedTuple):
    """What entries of a batch have in common: everything in the header but the sequence number."""

    content_type: int
    marking: int  # formats.tlp.Tlp
    sent_at: int  # microseconds since 1970
    keep_until: int  # microseconds since 1970; 0 = no end


GONE: Final = Handling(ERASED, 0, 0, 0)


class Entry(NamedTuple):
    """One entry as it travels and as it is stored."""

    seq: int
    handling: Handling
    salt: bytes  # 32; none when erased
    content: bytes  # when erased: the commitment


def erased(seq: int, commitment: bytes) -> Entry:
    """What travels of an entry that was erased."""
    return Entry(seq, GONE, b"", commitment)


def encode_header(seq: int, handling: Handling) -> bytes:
    """The 27 header bytes."""
    return _LAYOUT.pack(VERSION, handling.content_type, handling.marking, seq, handling.sent_at, handling.keep_until)


def decode_header(data: bytes) -> tuple[int, Handling]:
    """Sequence number and handling. Raises FormatError("format.entry")."""
    if len(data) != HEADER_BYTES:
        raise FormatError("format.entry", f"an entry header has {HEADER_BYTES} bytes, this one {len(data)}")
    version, content_type, marking, seq, sent_at, keep_until = _LAYOUT.unpack(data)
    if version != VERSION or content_type not in CONTENT_TYPES or marking > 4:
        raise FormatError("format.entry", "the entry header names a version, content type or marking we do not know")
    if max(seq, sent_at, keep_until) > _MAX:
        raise FormatError("format.entry", "a number in the entry header is beyond 2^63-1")
    return seq, Handling(content_type, marking, sent_at, keep_until)


def commitments(slot: bytes, entries: Iterable[Entry]) -> list[bytes]:
    """The commitment of each entry, in order."""
    prefix = _DOMAIN + slot
    pack = _LAYOUT.pack
    out = []
    for seq, (content_type, marking, sent_at, keep_until), salt, content in entries:
        if content_type == ERASED:
            out.append(content)
            continue
        body = sha256(pack(VERSION, content_type, marking, seq, sent_at, keep_until) + content).digest()
        # hmac.digest() would let the writer's thread in between every two entries; this does not.
        out.append(new_hmac(salt, prefix + body, sha256).digest())
    return out


def salts(seed: bytes, start: int, count: int) -> list[bytes]:
    """The salts of `count` entries from `start`, drawn from a batch's 32-byte seed by SHAKE-256 (FIPS 202).

    Saves 32 bytes an entry on the wire. Both sides store the salts, and destroy the seed with the frame, so that
    erasing one salt later is final.
    """
    stream = shake_256(b"tocsin/salt/v1" + seed + start.to_bytes(8)).digest(SALT_BYTES * count)
    return [stream[at : at + SALT_BYTES] for at in range(0, len(stream), SALT_BYTES)]
