"""Ed25519 keys: signing, verifying, and the text form of a key file.

The only module that signs or verifies. Signatures are those of RFC 8032, section 5.1 (PureEdDSA), by libsodium.
"""

import base64
from dataclasses import dataclass, field
from enum import StrEnum

from nacl import bindings
from nacl.exceptions import CryptoError

from tocsin.errors import FormatError

SEED_BYTES = 32
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64

_FILE_PREFIX = "tocsin-key/v1 ed25519 "


class Role(StrEnum):
    """What a member's key is for. One key serves one role: the name of the key, which is signed over, carries it."""

    GOVERNANCE = "governance"  # charters, channels, descriptors
    LOG = "log"  # checkpoints of own logs
    RECEIPT = "receipt"  # cosignatures over the checkpoints of others
    TRANSPORT = "transport"  # the X.509 key of mutual TLS
    SEAL = "seal"  # the HPKE key that epoch keys are wrapped to


def key_name(handle: str, role: Role) -> str:
    """The C2SP key name of a member's key, e.g. `tocsin/ma-cert/log`."""
    return f"tocsin/{handle}/{role}"


def decode_base64(text: str, code: str) -> bytes:
    """The bytes of the one canonical standard base64 text (RFC 4648, section 4, padded), else FormatError(code).

    Two texts never give the same bytes: white space, missing padding, stray bits and the URL alphabet are refused.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise FormatError(code, "the base64 is malformed") from None
    if base64.b64encode(raw).decode("ascii") != text:
        raise FormatError(code, "the base64 is not in its canonical form")
    return raw


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A public key: `raw` is the 32-byte encoding of RFC 8032.

    Only a canonical point of the prime-order subgroup is a key: FormatError("format.key") for any other 32 bytes. So a
    key of small order, for which one signature fits many messages, never comes to be. Checking costs about as much as
    verifying one signature: keep the value.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES:
            raise FormatError("format.key", "a public Ed25519 key is 32 bytes")
        if not bindings.crypto_core_ed25519_is_valid_point(self.raw):
            raise FormatError("format.key", "the bytes are not a safe Ed25519 public key")

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) is this key's over `message`. Never raises.

        S must be below the group order and R canonical and not of small order: a third party cannot make a second
        signature out of a first.
        """
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            bindings.crypto_sign_open(signature + message, self.raw)
        except CryptoError:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key: `seed` is the 32-byte private key of RFC 8032, `public` the key that verifies.

    The seed never shows in a repr. Raises FormatError("format.key") if the seed is not 32 bytes.
    """

    seed: bytes = field(repr=False)
    public: VerifyKey = field(init=False, compare=False)
    _expanded: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise FormatError("format.key", "the seed of an Ed25519 key is 32 bytes")
        public, expanded = bindings.crypto_sign_seed_keypair(self.seed)
        object.__setattr__(self, "public", VerifyKey(public))
        object.__setattr__(self, "_expanded", expanded)

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature over `message`; the same each time (RFC 8032)."""
        return bindings.crypto_sign(message, self._expanded)[:SIGNATURE_BYTES]


def encode_signing(key: SigningKey) -> str:
    """The text of a key file: one line, `tocsin-key/v1 ed25519 <base64 of the 32-byte seed>`, with its newline."""
    return f"{_FILE_PREFIX}{base64.b64encode(key.seed).decode('ascii')}\n"


def decode_signing(text: str) -> SigningKey:
    """The key of a key file; encode_signing of it is `text` again. Raises FormatError("format.key")."""
    if not text.startswith(_FILE_PREFIX) or not text.endswith("\n"):
        raise FormatError("format.key", "the text is not one line of the form tocsin-key/v1 ed25519 <base64>")
    return SigningKey(decode_base64(text[len(_FILE_PREFIX) : -1], "format.key"))
