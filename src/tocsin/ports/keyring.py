"""A member's private keys, one per role; and those that take their place once a charter names them."""

from collections.abc import Mapping
from typing import Protocol

from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.seal import SealKey


class Keyring(Protocol):
    """Hands out private keys; where they live (files, a module, a token) is the backend's business.

    Ask anew at each use: a key may be replaced while the node runs. Asking is cheap.
    """

    def signing(self, role: Role) -> SigningKey:
        """The Ed25519 key of the role. Raises ConfigError("config.key-missing")."""
        ...

    def sealing(self) -> SealKey:
        """The HPKE X-Wing key with which others seal to us."""
        ...

    def staged(self, role: Role) -> bytes | None:
        """The public part (of transport: the DER certificate) of the key that waits to take the role's place."""
        ...

    def proving(self, public: bytes) -> SigningKey | None:
        """The governance key that waits, if this is its public part: it shows that a proposed key is in our hands."""
        ...

    def promote(self, public: Mapping[Role, bytes]) -> bool:
        """A charter in force names these: waiting keys among them become current, and those they replace are destroyed.

        Whether any did. Durable; cut off anywhere, the same call completes it. Nothing else is touched.
        """
        ...

    def foreign(self, public: Mapping[Role, bytes]) -> tuple[Role, ...]:
        """The roles whose key of these we hold neither as current nor as waiting. Governance may be kept elsewhere:
        its absence is not counted.
        """
        ...
