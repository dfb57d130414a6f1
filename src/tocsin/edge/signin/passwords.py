"""Passwords by Argon2id and codes by RFC 6238, with a bound on how much memory all tries together take."""

import asyncio
from base64 import b32encode
from functools import partial
from typing import Final, TypeVar

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from tocsin.errors import ConfigError
from tocsin.ports.entropy import Entropy

T = TypeVar("T")
LEAST: Final = 12
MOST: Final = 256
_SALT: Final = 16
_SECRET: Final = 20
_STEP_S: Final = 30
_AT_ONCE: Final = 2  # 64 MiB each


class Passwords:
    """Hashes and compares on the default executor."""

    def __init__(self, entropy: Entropy, hasher: PasswordHasher | None = None) -> None:
        self._entropy = entropy
        self._hasher = hasher or PasswordHasher()  # RFC 9106, second choice: 64 MiB, 3 passes
        self._turns = asyncio.Semaphore(_AT_ONCE)
        # What a name that nobody has is compared with, so that it takes as long as any other.
        self._nobody = self._hasher.hash(entropy.bytes(_SALT), salt=entropy.bytes(_SALT))

    async def hash(self, password: str, name: str) -> str:
        """What is kept of a new password. Raises ConfigError("config.password")."""
        if not LEAST <= len(password) <= MOST or password.casefold() == name.casefold():
            raise ConfigError("config.password", f"a password is {LEAST} to {MOST} characters and not the name")
        return await self._run(partial(self._hasher.hash, password, salt=self._entropy.bytes(_SALT)))

    async def fits(self, kept: str, password: str) -> bool:
        """Whether it is the password; takes as long where there is none."""
        found = await self._run(partial(self._compare, kept or self._nobody, password[: MOST + 1]))
        return found and bool(kept)

    def _compare(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False

    async def _run(self, work: "partial[T]") -> T:
        async with self._turns:
            return await asyncio.get_running_loop().run_in_executor(None, work)


def new_secret(seed: bytes) -> str:
    """The shared secret of a second factor, from 20 bytes of chance."""
    return b32encode(seed[:_SECRET]).decode()


def address(secret: str, name: str, issuer: str) -> str:
    """What an authenticator reads from a picture."""
    return str(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer))


def step_of(secret: str, code: str, now_us: int, used: int) -> int:
    """The time step whose code this is, one before and one after allowed; 0 for none, or for one already used."""
    code = "".join(code.split())
    if not secret or not code.isascii() or not code.isdecimal():
        return 0
    now = now_us // (_STEP_S * 1_000_000)
    steps = (one for one in (now, now - 1, now + 1) if one > used)
    return next((one for one in steps if pyotp.utils.strings_equal(pyotp.TOTP(secret).generate_otp(one), code)), 0)
