"""Sealing: AES-256-GCM under an epoch key, HPKE X-Wing to hand that key out. The only module that encrypts.

HPKE (RFC 9180) here is single-shot base mode, KEM X-Wing (ML-KEM-768 + X25519), HKDF-SHA256, AES-256-GCM. Base mode
says nothing about the sender: whoever hands out a key signs the statement that carries the wrap.
"""

from base64 import b64encode
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from tocsin.errors import FormatError, VerificationError
from tocsin.formats.keys import decode_base64

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
KEY_BYTES: Final = 32
PUBLIC_BYTES: Final = 1184 + 32
SEED_BYTES: Final = 64 + 32
_KEY_LINE: Final = "tocsin-key/v1 x-wing "


def _suite() -> Suite:
    return Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class SealKey:
    """The private half of a member's seal key. `seed` is 64 bytes of ML-KEM-768 seed and 32 of X25519."""

    __slots__ = ("_private", "seed")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise FormatError("format.key", f"a seal key seed has {SEED_BYTES} bytes, this one {len(seed)}")
        self.seed = seed
        self._private = MLKEM768X25519PrivateKey(
            MLKEM768PrivateKey.from_seed_bytes(seed[:64]), X25519PrivateKey.from_private_bytes(seed[64:])
        )

    @property
    def public(self) -> bytes:
        """The public half: 1,184 bytes ML-KEM-768, then 32 bytes X25519."""
        kem = MLKEM768PrivateKey.from_seed_bytes(self.seed[:64]).public_key().public_bytes_raw()
        return kem + X25519PrivateKey.from_private_bytes(self.seed[64:]).public_key().public_bytes_raw()

    def unwrap(self, wrapped: bytes, info: bytes) -> bytes:
        """The secret that wrap() sealed to us under the same `info`. Raises VerificationError("verify.wrap")."""
        try:
            return _suite().decrypt(wrapped, self._private, info)
        except (InvalidTag, ValueError) as error:
            raise VerificationError("verify.wrap", "the wrapped key does not open with our seal key") from error

    def encode(self) -> str:
        """The line of a key file."""
        return _KEY_LINE + b64encode(self.seed).decode() + "\n"

    @classmethod
    def decode(cls, text: str) -> "SealKey":
        """The key of a key file's line. Raises FormatError("format.key")."""
        if not text.startswith(_KEY_LINE) or not text.endswith("\n"):
            raise FormatError("format.key", "the file does not hold an x-wing seal key")
        return cls(decode_base64(text[len(_KEY_LINE) : -1], "format.key"))


def wrap(public: bytes, secret: bytes, info: bytes) -> bytes:
    """Seal `secret` to the holder of `public` (1,216 bytes); 1,168 bytes for a 32-byte secret."""
    if len(public) != PUBLIC_BYTES:
        raise FormatError("format.key", f"a public seal key has {PUBLIC_BYTES} bytes, this one {len(public)}")
    try:
        key = MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(public[:1184]), X25519PublicKey.from_public_bytes(public[1184:])
        )
        return _suite().encrypt(secret, key, info)
    except ValueError as error:
        raise FormatError("format.key", "the public seal key is not a valid X-Wing key") from error


class EpochKey:
    """One AES-256-GCM key of one (origin, channel, epoch). A nonce is random, never derived from a log index."""

    __slots__ = ("_aead", "raw")

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise FormatError("format.key", f"an epoch key has {KEY_BYTES} bytes, this one {len(raw)}")
        self.raw = raw
        self._aead = AESGCM(raw)

    def seal(self, nonce: bytes, plaintext: bytes, additional: bytes) -> bytes:
        """Ciphertext and 16-byte tag."""
        return self._aead.encrypt(nonce, plaintext, additional)

    def open(self, nonce: bytes, ciphertext: bytes, additional: bytes) -> bytes:
        """The plaintext. Raises VerificationError("receive.seal")."""
        try:
            return self._aead.decrypt(nonce, ciphertext, additional)
        except InvalidTag as error:
            raise VerificationError("receive.seal", "the frame does not open under its epoch key") from error
