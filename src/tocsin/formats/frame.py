"""The frame: one sealed batch of one channel log with the checkpoint that ends it. Three nested layers, all strict.

    frame    "TF" version u8 = 1 | flags u8 = 0 | slot 32 | epoch u64 | start u64 | note length u16 | note | nonce 12 |
             ciphertext with tag            the additional data of the AEAD is everything before the nonce
    box      compression u8 (0 none, 1 zstd) | payload length u32 | raw length u32 | payload | zeros up to Padmé's length
    batch    salt mode u8 (0: a seed of 32; 1: a salt of 32 for each entry not erased) | count u16 | classes u16 |
             classes x (content type u8, marking u8, sent-at u64, keep-until u64) | count x class u16 |
             count x length u32 | salts | contents

The class of erased entries is all zeros; their content is the commitment of 32. A seed would give their salts away:
with it no entry is erased.

Numbers are big-endian. Decoding then encoding gives the same bytes; everything else is FormatError("format.frame").
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from struct import Struct, pack, unpack_from
from struct import error as StructError  # noqa: N812 - the library's name says nothing
from typing import Final, NamedTuple

from zstandard import ZstdCompressor, ZstdDecompressor, ZstdError, frame_content_size

from tocsin.errors import FormatError
from tocsin.formats.entry import CONTENT_TYPES, GONE, Entry, Handling, salts
from tocsin.formats.tlp import Tlp

MAX_FRAME_BYTES: Final = 16 * 1024 * 1024
MAX_RAW_BYTES: Final = 15 * 1024 * 1024
MAX_ENTRIES: Final = 4096
MAX_NOTE_BYTES: Final = 4096
_OUTER: Final = Struct(">2sBB32sQQH")
_BOX: Final = Struct(">BII")
_BATCH: Final = Struct(">BHH")
_CLASS: Final = Struct(">BBQQ")
NONCE_BYTES: Final = 12
_TAG: Final = 16
_MAX: Final = 2**63 - 1


class Frame(NamedTuple):
    """The outer layer. `checkpoint` is the signed note's bytes; `sealed` the ciphertext with its tag."""

    slot: bytes
    epoch: int
    start: int
    checkpoint: bytes
    nonce: bytes
    sealed: bytes

    def additional(self) -> bytes:
        """What the AEAD authenticates beside the ciphertext."""
        head = _OUTER.pack(b"TF", 1, 0, self.slot, self.epoch, self.start, len(self.checkpoint))
        return head + self.checkpoint


def encode_frame(frame: Frame) -> bytes:
    """The bytes that travel."""
    return frame.additional() + frame.nonce + frame.sealed


def decode_frame(data: bytes) -> Frame:
    """The outer layer, with every limit checked before anything is opened. Raises FormatError."""
    if not _OUTER.size + NONCE_BYTES + _TAG <= len(data) <= MAX_FRAME_BYTES:
        raise FormatError("format.frame", f"a frame of {len(data)} bytes is outside the limits")
    magic, version, flags, slot, epoch, start, length = _OUTER.unpack_from(data)
    if magic != b"TF" or version != 1 or flags != 0:
        raise FormatError("format.frame", "the bytes do not begin like a frame of version 1")
    if max(epoch, start) > _MAX or not 0 < length <= MAX_NOTE_BYTES:
        raise FormatError("format.frame", "a number in the frame's head is outside its limits")
    at = _OUTER.size + length
    if len(data) < at + NONCE_BYTES + _TAG:
        raise FormatError("format.frame", "the frame ends inside its head")
    return Frame(slot, epoch, start, data[_OUTER.size : at], data[at : at + NONCE_BYTES], data[at + NONCE_BYTES :])


def padded_length(length: int) -> int:
    """Padmé (PURBs, Nikitin et al. 2019): at most 12 % more, and only log log of the length leaks."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    low_bits = exponent - (exponent.bit_length())
    mask = (1 << low_bits) - 1 if low_bits > 0 else 0
    return (length + mask) & ~mask


def encode_box(batch: bytes, *, compress: bool) -> bytes:
    """Compress if asked and if it helps, then pad."""
    packed = (
        ZstdCompressor(level=3, write_content_size=False, write_checksum=False).compress(batch) if compress else b""
    )
    use = 0 < len(packed) < len(batch)
    payload = packed if use else batch
    head = _BOX.pack(int(use), len(payload), len(batch))
    plain = len(head) + len(payload)
    return b"".join((head, payload, bytes(padded_length(plain) - plain)))


def decode_box(data: bytes) -> bytes:
    """The batch inside. Refuses wrong padding and more than MAX_RAW_BYTES before inflating."""
    if len(data) < _BOX.size:
        raise FormatError("format.frame", "the box is shorter than its head")
    method, length, raw = _BOX.unpack_from(data)
    end = _BOX.size + length
    if method > 1 or raw > MAX_RAW_BYTES or end > len(data) or padded_length(end) != len(data) or any(data[end:]):
        raise FormatError("format.frame", "the box's compression, lengths or padding are wrong")
    payload = data[_BOX.size : end]
    if method == 0:
        if raw != length:
            raise FormatError("format.frame", "the box states another length than it has")
        return payload
    return _inflate(payload, raw)


def _inflate(payload: bytes, raw: int) -> bytes:
    # What to allot is said by the frame we checked, never by the zstd header: one byte more than stated is a lie.
    try:
        stated = frame_content_size(payload) in (-1, raw)
        whole = ZstdDecompressor().decompress(payload, max_output_size=raw, allow_extra_data=False) if stated else b""
    except ZstdError as error:
        raise FormatError("format.frame", "the box does not inflate to what it states") from error
    if not raw or len(whole) != raw:
        raise FormatError("format.frame", "the box inflates to another length than it states")
    return whole


def encode_batch(entries: Sequence[Entry], seed: bytes | None) -> bytes:
    """The inner layer. With `seed` the salts must be those entry.salts() derives from it."""
    classes: dict[Handling, int] = {}
    kinds = [classes.setdefault(entry.handling, len(classes)) for entry in entries]
    lengths = pack(f">{len(entries)}I", *(len(entry.content) for entry in entries))
    parts = [_BATCH.pack(0 if seed else 1, len(entries), len(classes))]
    parts += [_CLASS.pack(*handling) for handling in classes]
    parts += [pack(f">{len(kinds)}H", *kinds), lengths]
    parts += [seed] if seed else [entry.salt for entry in entries]
    parts += [entry.content for entry in entries]
    return b"".join(parts)


def decode_batch(data: bytes, start: int) -> list[Entry]:
    """The entries, numbered from `start`. Raises FormatError."""
    try:
        mode, count, class_count = _BATCH.unpack_from(data)
        at = _BATCH.size + class_count * _CLASS.size
        handlings = _handlings(data, class_count)
        kinds = unpack_from(f">{count}H", data, at)
        lengths = unpack_from(f">{count}I", data, at + 2 * count)
        at += 6 * count
        gone = handlings.index(GONE) if GONE in handlings else -1
        salt_bytes = 32 if mode == 0 else 32 * (count - kinds.count(gone))
        total = at + salt_bytes + sum(lengths)
    except StructError as error:
        raise FormatError("format.frame", "the batch ends inside its tables") from error
    if mode > 1 or not 0 < count <= MAX_ENTRIES or total != len(data) or start > _MAX - count:
        raise FormatError("format.frame", "the batch's counts or lengths do not add up")
    if tuple(dict.fromkeys(kinds)) != tuple(range(class_count)):
        raise FormatError("format.frame", "the batch's classes are not in the order of their first use")
    block = data[at : at + salt_bytes]
    each = salts(block, start, count) if mode == 0 else [block[i : i + 32] for i in range(0, len(block), 32)]
    if gone >= 0:
        if mode == 0 or any(length != 32 for length, kind in zip(lengths, kinds, strict=True) if kind == gone):
            raise FormatError("format.frame", "an erased entry comes with a seed, or is not its commitment alone")
        left = iter(each)
        each = [b"" if kind == gone else next(left) for kind in kinds]
    ends = accumulate(lengths, initial=at + salt_bytes)
    return [
        Entry(start + i, handlings[kinds[i]], each[i], data[low:high]) for i, (low, high) in enumerate(pairwise(ends))
    ]


def _handlings(data: bytes, count: int) -> list[Handling]:
    found = [Handling(*_CLASS.unpack_from(data, _BATCH.size + i * _CLASS.size)) for i in range(count)]
    for one in found:
        known = one == GONE or one.content_type in CONTENT_TYPES
        if not known or one.marking > max(Tlp) or max(one.sent_at, one.keep_until) > _MAX:
            raise FormatError("format.frame", "a class names a content type, marking or time we do not know")
    if len(set(found)) != count:
        raise FormatError("format.frame", "two classes of the batch are the same")
    return found
