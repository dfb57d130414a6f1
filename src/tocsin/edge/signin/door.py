"""The door: from what somebody brings (password and code, one-time link, passkey, OpenID Connect) to a session."""

from dataclasses import dataclass
from hashlib import sha256

from tocsin.edge.signin import names, passwords
from tocsin.edge.signin.demonstration import Demonstration
from tocsin.edge.signin.devices import Devices
from tocsin.edge.signin.passkeys import Passkeys
from tocsin.edge.signin.passwords import Passwords
from tocsin.edge.signin.people import People, Person
from tocsin.edge.signin.sessions import Sessions
from tocsin.edge.signin.throttle import Throttle
from tocsin.edge.signin.tickets import Tickets
from tocsin.errors import AccessError
from tocsin.ports.clock import Clock

_WRONG = "name, password or code is wrong"


@dataclass(frozen=True, slots=True)
class Door:
    """Everything about coming in. Each way in returns the token of a new session."""

    people: People
    sessions: Sessions
    devices: Devices
    passwords: Passwords
    passkeys: Passkeys
    tickets: Tickets
    throttle: Throttle
    clock: Clock
    demonstration: Demonstration | None = None  # only on a node that the demonstration has started

    async def by_password(self, name: str, password: str, code: str, address: str) -> str:
        """Raises AccessError("access.sign-in", "access.throttled"); which of the three was wrong is not told."""
        folded = names.fold(name)
        self.throttle.check(folded, address)
        person = await self.people.find(folded)
        fits = await self.passwords.fits(person.password if person else "", password)
        if person is None or not fits or not await self._code_fits(person, code):
            self.throttle.failed(folded, address)
            raise AccessError("access.sign-in", _WRONG)
        self.throttle.passed(folded)
        return await self.sessions.open(person.name)

    async def _code_fits(self, person: Person, code: str) -> bool:
        step = passwords.step_of(person.totp, code, self.clock.now_us(), person.step)
        return bool(step) and await self.people.used(person.name, step)

    def secret_of(self, token: str) -> str:
        """The second factor that a one-time link offers: the same however often it is looked at."""
        return passwords.new_secret(self.tickets.tag("totp", sha256(token.encode()).digest()))

    async def invited(self, token: str, address: str) -> Person:
        """Whose one-time link this is. Raises AccessError("access.link", "access.throttled")."""
        self.throttle.check("", address)
        person = await self.people.invited(token)
        if person is None:
            self.throttle.failed("", address)
            raise AccessError("access.link", "the link was used already, has ended, or is none of ours")
        return person

    async def by_link(self, token: str, password: str, code: str, address: str) -> str:
        """Set password and second factor. Raises AccessError, ConfigError("config.password")."""
        person = await self.invited(token, address)
        secret = self.secret_of(token)
        step = passwords.step_of(secret, code, self.clock.now_us(), 0)
        if not step:
            raise AccessError("access.code", "the code is not the one your authenticator shows now")
        kept = await self.passwords.hash(password, person.name)
        return await self.sessions.open(await self.people.enroll(token, kept, secret, step))

    async def by_link_and_passkey(self, token: str, brought: str, origin: str, address: str) -> str:
        """Set a passkey instead. Raises AccessError."""
        person = await self.invited(token, address)
        key = self.passkeys.registered(person.name, brought, origin)
        return await self.sessions.open(await self.people.enroll_passkey(token, key))

    async def by_passkey(self, brought: str, origin: str, address: str) -> str:
        """Raises AccessError("access.passkey", "access.throttled")."""
        self.throttle.check("", address)
        try:
            key = await self.people.passkey(self.passkeys.claimed(brought))
            count = self.passkeys.answered(key, brought, origin)
        except AccessError:
            self.throttle.failed("", address)
            raise
        if key is None:
            raise AccessError("access.passkey", "nobody here has this passkey")
        await self.people.counted(key, count)
        return await self.sessions.open(key.person)

    async def by_subject(self, subject: str, address: str) -> str:
        """Who the OpenID Connect provider says this is. Raises AccessError("access.sign-in", "access.throttled")."""
        self.throttle.check("", address)
        person = await self.people.of_subject(subject)
        if person is None:
            self.throttle.failed("", address)
            raise AccessError("access.sign-in", "nobody here has an account under the name the provider gave")
        return await self.sessions.open(person.name)
