"""A real node: real store, clock, chance, disk, sockets; and the people's doors."""

import asyncio
from collections.abc import Callable
from typing import Any

from tocsin import __version__
from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.disk import SystemDisk
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.backends.system.spool import SpoolFile
from tocsin.edge import access, serving
from tocsin.edge.control import app as control
from tocsin.edge.control.services import Services as ControlServices
from tocsin.edge.peer.websocket import Listening, WebSocketNetwork
from tocsin.edge.taxii import app as taxii
from tocsin.errors import ConfigError
from tocsin.node.config import Settings, address
from tocsin.node.core import Core, Surroundings
from tocsin.node.diagnostics import Diagnostics
from tocsin.node.home import Home

SOFTWARE = f"tocsin/{__version__}"


async def run(home: Home, on_ready: Callable[[dict[str, Any]], None]) -> None:
    """Run until cancelled. Raises ConfigError (no charter, running already), PeerError("peer.listen"), StoreError."""
    settings = home.settings()
    with home.lock():
        database = ThreadedDatabase(str(home.store))
        try:
            await _run(home, settings, database, on_ready)
        finally:
            await database.close()


async def _run(
    home: Home, settings: Settings, database: ThreadedDatabase, on_ready: Callable[[dict[str, Any]], None]
) -> None:
    clock, entropy, keys = SystemClock(), SystemEntropy(), home.keyring()
    note = Diagnostics(settings.handle, clock)
    disk = SystemDisk(home.heads)
    heads = CheckpointFiles(disk, threaded=True)
    core = Core(settings.handle, Surroundings(database, keys, clock, entropy, heads, note, SOFTWARE))
    core.frames.compress = settings.compress
    await core.load()
    if not core.members.has_charter:
        raise ConfigError("config.no-charter", "this node has adopted no charter yet")
    host, port = address(settings.peer_listen)
    network = WebSocketNetwork(core.members, Listening(host, port, keys.certificate, keys.certificate_key))
    await network.bind()
    accounts = access.Accounts(database, clock, entropy)
    doors = serving.Doors()
    try:
        await core.start(network)
        people = await _open_people(settings, core, accounts, doors)
        await doors.open_socket(control.build(_control(home, core, accounts, people)), home.socket)
        on_ready({"handle": settings.handle, "peer_port": network.port, "people_url": people, "software": SOFTWARE})
        await asyncio.get_running_loop().create_future()
    finally:
        await doors.close()
        await core.stop()
        await network.close()
        disk.close()


def _control(home: Home, core: Core, accounts: access.Accounts, people: str) -> ControlServices:
    return ControlServices(
        members=core.members,
        logs=core.logs,
        journal=core.journal,
        signer=core.signer,
        publisher=core.publisher,
        receipts=core.receipts,
        accounts=accounts,
        clock=core.world.clock,
        share=core.share,
        spool=lambda: SpoolFile(home.run),
        synced=core.synced,
        links=lambda: core.links.describe() if core.links else [],
        people_url=people,
        software=SOFTWARE,
        started_us=core.world.clock.now_us(),
    )


async def _open_people(settings: Settings, core: Core, accounts: access.Accounts, doors: serving.Doors) -> str:
    host, port = address(settings.people_listen)
    tls = bool(settings.people_certificate)
    if not tls and host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError("config.people-tls", f"people_listen {host} is not loopback and no certificate is set")
    made: list[str] = []
    services = taxii.Services(
        database=core.world.database,
        members=core.members,
        accounts=accounts,
        public_url=lambda: settings.people_url or made[0],
        title=f"Tocsin {settings.handle}",
        clock=core.world.clock,
        synced=core.synced,
    )
    application: Any = taxii.build(services)
    bound = await doors.open_port(application, host, port, settings.people_certificate, settings.people_key)
    shown = f"[{host}]" if ":" in host else host
    made.append(f"{'https' if tls else 'http'}://{shown}:{bound}")
    return settings.people_url or made[0]
