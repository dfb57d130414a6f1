"""The people's listener of a real node: console, TAXII, health and metrics behind one address."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Final

from tocsin.backends.system import misp
from tocsin.backends.system.keyring import certificate_end
from tocsin.edge import serving
from tocsin.edge.audit import Audit
from tocsin.edge.console import app as console
from tocsin.edge.console import assets
from tocsin.edge.console.services import Push
from tocsin.edge.console.services import Services as ConsoleServices
from tocsin.edge.console.world import MAX_BYTES, World, chosen
from tocsin.edge.control import reading
from tocsin.edge.control.services import Services as ControlServices
from tocsin.edge.drafts.sealing import Sealing
from tocsin.edge.drafts.store import Drafts
from tocsin.edge.people import Services as PeopleServices
from tocsin.edge.people import build
from tocsin.edge.signin.demonstration import Demonstration
from tocsin.edge.signin.devices import Devices
from tocsin.edge.signin.door import Door
from tocsin.edge.signin.fetching import fetch
from tocsin.edge.signin.oidc import Client, Provider
from tocsin.edge.signin.passkeys import Passkeys
from tocsin.edge.signin.passwords import Passwords
from tocsin.edge.signin.sessions import MINUTE_US, Limits, Sessions
from tocsin.edge.signin.throttle import Throttle
from tocsin.edge.signin.tickets import Tickets
from tocsin.edge.taxii import app as taxii
from tocsin.errors import ConfigError
from tocsin.formats import push
from tocsin.formats.text import instant
from tocsin.node import backup, config, doctor, rotation
from tocsin.node.config import Settings, address
from tocsin.node.core import Core
from tocsin.node.home import Home
from tocsin.node.supervisor import supervise
from tocsin.node.watchkeeping import pushing

_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class PeoplesDoor:
    """One per node. The address is known once it is open."""

    def __init__(self, home: Home, settings: Settings, core: Core, *, demonstration: bool = False) -> None:
        self._home = home
        self._settings = settings
        self._core = core
        self._bound = ""
        self._is_demonstration = demonstration
        self._demonstration: Demonstration | None = None

    def url(self) -> str:
        """How people write the address."""
        return self._settings.people_url.rstrip("/") or self._bound

    async def way_in(self) -> dict[str, str]:
        """For who started the node as part of a demonstration: the link that leads in. Else, or at a later start, nothing."""
        if self._demonstration is None or await self._demonstration.is_taken():
            return {}
        return {"way_in": f"{self.url()}/in/{await self._demonstration.invite()}"}

    async def open(self, control: ControlServices, told: PeopleServices, doors: serving.Doors) -> "asyncio.Task[None]":
        """Listen, and work on people's drafts; the task of that is for the caller to end.

        Raises ConfigError("config.people-tls", "config.people-listen", "config.oidc").
        """
        settings = self._settings
        host, port = address(settings.people_listen)
        tls = bool(settings.people_certificate)
        if not tls and host not in _LOOPBACK:
            raise ConfigError("config.people-tls", f"people_listen {host} is not loopback and no certificate is set")
        if self._is_demonstration and (tls or settings.people_url or host not in _LOOPBACK):
            raise ConfigError("config.people-listen", "a demonstration is open to this machine only")
        world = self._core.world
        sealing = Sealing(control, Drafts(world.database, world.clock, world.entropy), misp.convert)
        pages = await self._console(control, host in _LOOPBACK, sealing)
        application: Any = build(told, console.build(pages, self._taxii(told)))
        bound = await doors.open_port(application, host, port, settings.people_certificate, settings.people_key)
        shown = f"[{host}]" if ":" in host else host
        self._bound = f"{'https' if tls else 'http'}://{shown}:{bound}"
        return asyncio.ensure_future(supervise("drafts", sealing.run, world.clock, world.note))

    def _taxii(self, told: PeopleServices) -> Any:
        return taxii.build(
            taxii.Services(
                database=self._core.world.database,
                members=self._core.members,
                accounts=told.accounts,
                audit=Audit(self._core.world.database, self._core.world.clock),
                public_url=self.url,
                title=f"Tocsin {self._settings.handle}",
                clock=self._core.world.clock,
                synced=self._core.synced,
                listed=self._core.denylist.told,
            )
        )

    async def _console(self, control: ControlServices, loopback: bool, sealing: Sealing) -> ConsoleServices:
        world, settings = self._core.world, self._settings
        tickets = Tickets(await control.accounts.secret("console"), world.clock, world.entropy)
        limits = Limits(settings.session_minutes * MINUTE_US, settings.session_rest_minutes * MINUTE_US)
        sessions = Sessions(world.database, world.clock, world.entropy, limits)
        if self._is_demonstration:
            self._demonstration = Demonstration(control.people, sessions, world.entropy)
        door = Door(
            people=control.people,
            sessions=sessions,
            devices=Devices(world.database, world.clock),
            passwords=Passwords(world.entropy),
            passkeys=Passkeys(tickets, world.clock, f"Tocsin {settings.handle}"),
            tickets=tickets,
            throttle=Throttle(world.clock),
            clock=world.clock,
            demonstration=self._demonstration,
        )
        client = _client(settings)
        return ConsoleServices(
            control=control,
            door=door,
            provider=Provider(client, fetch, tickets, world.clock) if client else None,
            settings=asdict(settings),
            examine=lambda: self._examine(control),
            backups=self._backups,
            public_url=self.url,
            loopback=loopback,
            meter=world.meter,
            entropy=world.entropy,
            sealing=sealing,
            explained=config.explained(),
            keys=self._keys,
            push=self._push(),
            world=self._map(settings),
        )

    def _push(self) -> Push | None:
        settings, world = self._settings, self._core.world
        made = pushing(settings, world.database, world.clock, world.entropy)
        if made is None:
            return None
        listed = (one for addresses in settings.desks.values() for one in addresses)
        roles = frozenset(one.removeprefix(push.SCHEME) for one in listed if one.startswith(push.SCHEME))
        return Push(settings.push_services, roles, made.public)

    def _map(self, settings: Settings) -> World | None:
        """Raises ConfigError("config.borders")."""
        own = b""
        if settings.borders_file:
            try:
                own = read_at_most(Path(settings.borders_file), MAX_BYTES)
            except OSError as error:
                raise ConfigError("config.borders", "the file of borders_file cannot be read") from error
        found = chosen(assets.load().world, settings.borders, own)
        if found is None:
            self._core.world.note("doctor.browser-code", "", "the console has no map")
        return found

    async def _keys(self) -> dict[str, Any]:
        end = certificate_end(self._home.keyring())
        return {**await rotation.show(self._home), "certificate_end": instant(int(end.timestamp() * 1e6))}

    async def _examine(self, control: ControlServices) -> list[dict[str, Any]]:
        status = await reading.status(control)
        return await asyncio.get_running_loop().run_in_executor(
            None, partial(doctor.examine, self._home, status, patient=False)
        )

    async def _backups(self) -> Mapping[str, Any] | None:
        return await asyncio.get_running_loop().run_in_executor(None, backup.noted, self._home)


def read_at_most(path: Path, most: int) -> bytes:
    """The whole file, or one byte more than is allowed of one that is longer."""
    with path.open("rb") as file:
        return file.read(most + 1)


def _client(settings: Settings) -> Client | None:
    given = (settings.oidc_issuer, settings.oidc_client, settings.oidc_secret_file)
    if not any(given):
        return None
    try:
        secret = Path(settings.oidc_secret_file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config.oidc", "the file of oidc_secret_file cannot be read") from error
    if not all(given) or not secret:
        raise ConfigError("config.oidc", "oidc_issuer, oidc_client and oidc_secret_file belong together")
    return Client(settings.oidc_issuer, settings.oidc_client, secret, settings.oidc_claim)
