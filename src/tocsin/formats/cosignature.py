r"""C2SP cosignature/v1: a dated Ed25519 signature over another's checkpoint. With a receipt key it is the receipt.

    blob   = 8-byte time (POSIX seconds, big-endian) and 64-byte signature
    signed = "cosignature/v1\n" "time <decimal seconds>\n" and the text of the checkpoint

https://c2sp.org/tlog-cosignature, Ed25519 form; test vectors stand in docs/formats/note.md.
"""

from dataclasses import dataclass

from tocsin.errors import FormatError
from tocsin.formats import checkpoint
from tocsin.formats.keys import SIGNATURE_BYTES, SigningKey, VerifyKey
from tocsin.formats.note import COSIGNATURE, Signature, key_id

MAX_TIMESTAMP_S = (1 << 63) - 1

_CODE = "format.cosignature"
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Timestamped:
    """What a cosignature's blob holds: POSIX seconds from 0 to 2^63-1 and the 64-byte Ed25519 signature."""

    timestamp_s: int
    signature: bytes

    def __post_init__(self) -> None:
        if not 0 <= self.timestamp_s <= MAX_TIMESTAMP_S:
            raise FormatError(_CODE, "the time is not between 0 and 2^63-1 seconds")
        if len(self.signature) != SIGNATURE_BYTES:
            raise FormatError(_CODE, "the signature is not 64 bytes")


def parse(blob: bytes) -> Timestamped:
    """The value whose encode() is exactly `blob`, else FormatError("format.cosignature"). Nothing is verified."""
    return Timestamped(int.from_bytes(blob[:_TIME_BYTES], "big"), blob[_TIME_BYTES:])


def encode(value: Timestamped) -> bytes:
    """The 72-byte blob of a cosignature line."""
    return value.timestamp_s.to_bytes(_TIME_BYTES, "big") + value.signature


def cosign(checkpoint_text: bytes, name: str, key: SigningKey, timestamp_s: int) -> Signature:
    """The cosignature of `name` over a checkpoint's text at `timestamp_s` (POSIX seconds).

    Raises FormatError: "format.checkpoint" if the text is none, "format.cosignature" if the time is out of range,
    "format.note" if the name cannot be a key's. The signed bytes do not hold `name`: one key must not serve two names.
    """
    checkpoint.parse(checkpoint_text)
    value = Timestamped(timestamp_s, key.sign(_signed(checkpoint_text, timestamp_s)))
    return Signature(name, key_id(name, COSIGNATURE, key.public.raw), encode(value))


def verify(checkpoint_text: bytes, signature: Signature, name: str, key: VerifyKey) -> int | None:
    """The time (POSIX seconds) at which `name` cosigned the text with `key`, or None if it did not. Never raises."""
    if signature.name != name or signature.key_id != key_id(name, COSIGNATURE, key.raw):
        return None
    try:
        value = parse(signature.blob)
    except FormatError:
        return None
    right = key.verify(_signed(checkpoint_text, value.timestamp_s), value.signature)
    return value.timestamp_s if right else None


def _signed(checkpoint_text: bytes, timestamp_s: int) -> bytes:
    return b"cosignature/v1\ntime %d\n" % timestamp_s + checkpoint_text
