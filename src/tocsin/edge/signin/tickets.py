"""Short-lived words of ours that a browser brings back: challenges, states, tokens of forms. Nothing of them is stored."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from hashlib import sha256
from typing import Final

from tocsin.ports.clock import Clock
from tocsin.ports.entropy import Entropy

_NONCE: Final = 16
_TIME: Final = 8
_TAG: Final = 32
_MOST: Final = 100_000


class Tickets:
    """Each is bound to a purpose, ends, and is taken once."""

    def __init__(self, secret: bytes, clock: Clock, entropy: Entropy) -> None:
        self._secret = secret
        self._clock = clock
        self._entropy = entropy
        self._taken: OrderedDict[bytes, None] = OrderedDict()

    def make(self, purpose: str, seconds: float) -> bytes:
        """A new one."""
        until = int(self._clock.now_us() + seconds * 1e6).to_bytes(_TIME, "big")
        body = self._entropy.bytes(_NONCE) + until
        return body + self.tag(purpose, body)

    def take(self, purpose: str, ticket: bytes) -> bool:
        """Whether it is one of ours for that purpose, still good, and not taken before."""
        body, tag = ticket[:-_TAG], ticket[-_TAG:]
        if len(body) != _NONCE + _TIME or not hmac.compare_digest(self.tag(purpose, body), tag):
            return False
        if int.from_bytes(body[_NONCE:], "big") < self._clock.now_us() or body in self._taken:
            return False
        self._taken[body] = None
        while len(self._taken) > _MOST:
            self._taken.popitem(last=False)
        return True

    def tag(self, purpose: str, what: bytes) -> bytes:
        """What only this node can say of `what`."""
        return hmac.digest(self._secret, purpose.encode() + b"\0" + what, sha256)


def text(data: bytes) -> str:
    """Bytes as they stand in a cookie, a form or an address."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def untext(told: str) -> bytes:
    """The bytes; none from anything else."""
    try:
        return urlsafe_b64decode(told + "=" * (-len(told) % 4))
    except ValueError:
        return b""
