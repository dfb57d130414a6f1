"""ports.notifier by Web Push (RFC 8030): to the browsers of who is on duty and wants it, sealed for each (RFC 8291).

The push service of a browser's maker learns that this node sends something, when, and to which browser; not what.
"""

import asyncio
import hmac
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import aiohttp
import http_ece
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwt
from joserfc.jwk import ECKey

from tocsin.backends.system.notifiers import PATIENCE_S, Desks
from tocsin.errors import ConfigError
from tocsin.formats import push
from tocsin.ports.clock import Clock
from tocsin.ports.devices import Device, Devices
from tocsin.ports.entropy import Entropy
from tocsin.ports.notifier import Page

KEPT_S: Final = 4 * 3600  # how long a push service holds a message for a browser that is away
_TOKEN_S: Final = 12 * 3600  # at most a day (RFC 8292, section 2)
_AT_ONCE: Final = 8
_REMEMBERED: Final = 1000
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SP 800-186)
_GOOD: Final = range(200, 300)
_GONE: Final = (404, 410)


class VapidKey:
    """Who we are to push services (RFC 8292): one key of P-256, from 32 random bytes that the store keeps."""

    def __init__(self, seed: bytes) -> None:
        key = ec.derive_private_key(int.from_bytes(seed, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
        self._key = ECKey.import_key(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self.public = _text(_point(key))

    def authorization(self, origin: str, contact: str, now_s: int) -> str:
        """The header for one push service."""
        claims = {"aud": origin, "exp": now_s + _TOKEN_S, "sub": contact}
        return f"vapid t={jwt.encode({'typ': 'JWT', 'alg': 'ES256'}, claims, self._key)}, k={self.public}"


def sealed(data: bytes, device: Device, salt: bytes, ours: ec.EllipticCurvePrivateKey) -> bytes:
    """What only the browser opens: one record of RFC 8188. Raises ValueError for a key that is no point of the curve."""
    found: bytes = http_ece.encrypt(
        data, salt=salt, private_key=ours, dh=device.public, auth_secret=device.secret, version="aes128gcm"
    )
    return found


class Manner(NamedTuple):
    """What the settings say, and what the node has."""

    services: Sequence[str]
    contact: str
    clock: Clock
    entropy: Entropy


class Push:
    """ports.notifier: every device of every person who has a role that the desk names."""

    def __init__(self, desks: Desks, devices: Devices, manner: Manner, secret: Callable[[], Awaitable[bytes]]) -> None:
        self._desks = desks
        self._devices = devices
        self._manner = manner
        self._secret = secret
        self._made: VapidKey | None = None
        self._told: OrderedDict[tuple[str, str], set[str]] = OrderedDict()  # of pages that are tried again

    async def key(self) -> VapidKey:
        """Ours; made when first asked for."""
        if self._made is None:
            self._made = VapidKey(await self._secret())
        return self._made

    async def public(self) -> str:
        """What a browser makes a subscription for, base64url."""
        return (await self.key()).public

    async def notify(self, role: str, page: Page) -> int:
        """See ports.notifier. A device that was told is not told again of the same page, unless the node fell over."""
        roles = [one.removeprefix(push.SCHEME) for one in self._desks.addresses(role, push.SCHEME)]
        key = await self.key()
        found = await self._devices.of_roles(roles, key.public) if roles else ()
        told = self._told.setdefault((page.key, role), set())
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        waiting = [one for one in found if one.id not in told]
        failed = await self._tell(waiting, page, key, told) if waiting else []
        if failed:
            what = f"{len(failed)} of {len(found)} devices could not be told ({', '.join(sorted(set(failed)))})"
            raise ConfigError("config.notifier", what)
        self._told.pop((page.key, role), None)
        return len(told)

    async def _tell(self, devices: Sequence[Device], page: Page, key: VapidKey, told: set[str]) -> list[str]:
        turn, before = asyncio.Semaphore(_AT_ONCE), set(told)
        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:

            async def one(device: Device) -> str:
                async with turn:
                    return await self._one(session, device, page, key, told)

            results = await asyncio.gather(*map(one, devices))
        await self._devices.told(told - before)
        return [one for one in results if one]

    async def _one(
        self, session: aiohttp.ClientSession, device: Device, page: Page, key: VapidKey, told: set[str]
    ) -> str:
        """Why it failed; empty when it was told, or there is nobody to tell any more."""
        manner = self._manner
        if not push.service_of(device.endpoint, manner.services):
            return ""  # its service was taken off the list; it stays with its owner, who sees that
        body = push.message(page.warning, page.urgency, device.language, sha256(page.key.encode()).hexdigest()[:32])
        try:
            packed = sealed(body, device, manner.entropy.bytes(16), ec.generate_private_key(ec.SECP256R1()))
        except ValueError:
            await self._devices.drop(device.id)
            return ""
        headers = {
            "Authorization": key.authorization(
                push.origin_of(device.endpoint), manner.contact, manner.clock.now_us() // 1_000_000
            ),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S),
            "Urgency": "high",  # of every page: a push service does not learn how urgent it is
            "Topic": _text(hmac.digest(device.secret, page.key.encode(), sha256)[:24]),  # a repetition replaces it
        }
        try:
            async with session.post(device.endpoint, data=packed, headers=headers, allow_redirects=False) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return type(error).__name__
        if status in _GONE:
            await self._devices.drop(device.id)
        elif status not in _GOOD:
            return str(status)
        else:
            told.add(device.id)
        return ""


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
