"""A member's private keys, one per role."""

from typing import Protocol

from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.seal import SealKey


class Keyring(Protocol):
    """Hands out private keys; where they live (files, a module, a token) is the backend's business."""

    def signing(self, role: Role) -> SigningKey:
        """The Ed25519 key of the role. Raises ConfigError("config.key-missing")."""
        ...

    def sealing(self) -> SealKey:
        """The HPKE X-Wing key with which others seal to us."""
        ...
