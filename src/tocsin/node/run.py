"""A real node: real store, clock, chance, disk, sockets; and the people's doors."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, NamedTuple

from tocsin import __version__
from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.backends.sqlite.writer import Watch
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.disk import SystemDisk
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.backends.system.spool import SpoolFile
from tocsin.backends.system.warninglists import WarningLists
from tocsin.desk.office import Office
from tocsin.edge import access, serving
from tocsin.edge.audit import Audit
from tocsin.edge.console import brief
from tocsin.edge.control import app as control
from tocsin.edge.control.services import Services as ControlServices
from tocsin.edge.peer.websocket import Listening, WebSocketNetwork
from tocsin.edge.people import Services as PeopleServices
from tocsin.edge.signin.people import People
from tocsin.errors import ConfigError
from tocsin.exchange.receive.turns import Quota
from tocsin.exchange.warn import objections
from tocsin.node import ballast, rotation, upgrade
from tocsin.node.config import Settings, address
from tocsin.node.core import Core, Surroundings
from tocsin.node.desk import Desk
from tocsin.node.diagnostics import Diagnostics
from tocsin.node.home import Home
from tocsin.node.metrics import Counters, Metrics
from tocsin.node.people import PeoplesDoor
from tocsin.node.readiness import Readiness
from tocsin.node.supervisor import Note, supervise
from tocsin.node.watchkeeping import notifiers, pushing

_TELL_S: Final = 5.0
SOFTWARE = f"tocsin/{__version__}"


async def run(home: Home, on_ready: Callable[[dict[str, Any]], None], *, demonstration: bool = False) -> None:
    """Run until cancelled; `demonstration`: its console is open, once, to who reads what on_ready is told.

    Raises ConfigError (no charter, running already), PeerError("peer.listen"), StoreError.
    """
    settings = home.settings()
    with home.lock():
        _prepare(home, settings)
        counters = Counters()
        database = ThreadedDatabase(str(home.store), Watch(SystemClock(), counters))
        try:
            await _run(home, settings, Measured(database, counters), on_ready, demonstration)
        finally:
            await database.close()


def _prepare(home: Home, settings: Settings) -> None:
    """What must be so before the store is opened. Nothing else runs yet, so that it may take its time."""
    clock = SystemClock()
    note, told = Diagnostics(settings.handle, clock), [clock.monotonic()]

    def moved(done: int, total: int) -> None:
        if clock.monotonic() - told[0] > _TELL_S:
            told[0] = clock.monotonic()
            note("store.upgrading", "", f"{done:,} of {total:,}")

    upgraded = upgrade.bring_up(home, moved)
    if upgraded:
        note("store.upgraded", "", upgraded)
    ballast.keep(home, settings.ballast_bytes)


class Measured(NamedTuple):
    """The open store, and the counters that its commits are in already."""

    database: ThreadedDatabase
    counters: Counters


def _world(home: Home, settings: Settings, store: Measured, heads: CheckpointFiles, note: Note) -> Surroundings:
    clock, entropy = SystemClock(), SystemEntropy()
    return Surroundings(
        store.database,
        home.keyring(),
        clock,
        entropy,
        heads,
        note,
        SOFTWARE,
        store.counters,
        settings.dial,
        _quota(settings),
        denylists=WarningLists(home.run),
        notifiers=notifiers(settings, pushing(settings, store.database, clock, entropy)),
    )


async def _run(
    home: Home, settings: Settings, store: Measured, on_ready: Callable[[dict[str, Any]], None], demonstration: bool
) -> None:
    (database, counters), keys = store, home.keyring()
    clock, entropy = SystemClock(), SystemEntropy()
    note = counters.noting(diagnostics := Diagnostics(settings.handle, clock))
    disk = SystemDisk(home.heads)
    heads = CheckpointFiles(disk, threaded=True)
    world = _world(home, settings, store, heads, note)
    core = Core(settings.handle, world)
    core.receipts.on_stored(counters.receipted)
    core.frames.compress = settings.compress
    core.on_keys = lambda: rotation.settle(home)
    await core.load()
    rotation.settle(home)  # power may have gone between the keys and their descriptor
    if not core.members.has_charter:
        raise ConfigError("config.no-charter", "this node has adopted no charter yet")
    listening = Listening(*address(settings.peer_listen), keys.certificate, keys.certificate_key)
    network = WebSocketNetwork(core.members, listening)

    def rekeyed() -> None:
        rotation.settle(home)
        network.renew()

    core.on_keys = rekeyed
    await network.bind()
    desk = Desk(core, settings)
    accounts, audit = access.Accounts(database, clock, entropy), Audit(database, clock)
    doors = serving.Doors()
    working = _working(core, audit, desk)
    try:
        await core.start(network)
        ready = Readiness(core, lambda: network.listening).reasons
        page = Metrics(core, counters, clock.now_us(), desk.office.figures).page
        told = PeopleServices(accounts, page, ready, audit, partial(_figures, core))
        staff = People(database, clock, entropy)
        people = PeoplesDoor(home, settings, core, demonstration=demonstration)
        made = _control(home, core, told, staff, desk.office, people.url)
        services = replace(made, diagnostics=diagnostics.recent)
        working.append(await people.open(services, told, doors))
        await doors.open_socket(control.build(services), home.socket)
        where = {"peer_port": network.port, "people_url": people.url(), **await people.way_in()}
        on_ready({"handle": settings.handle, "software": SOFTWARE, **where})
        await asyncio.get_running_loop().create_future()
    finally:
        for task in working:
            task.cancel()
        await doors.close()
        await desk.close()
        await core.stop()
        await network.close()
        disk.close()


def _working(core: Core, audit: Audit, desk: Desk) -> list[asyncio.Task[None]]:
    """What goes on beside the doors, for as long as the node runs."""
    clock, note = core.world.clock, core.world.note
    return [
        asyncio.ensure_future(supervise("audit", partial(audit.note, core.journal), clock, note)),
        asyncio.ensure_future(supervise("desk", desk.office.run, clock, note)),
        asyncio.ensure_future(supervise("news paging", desk.paging.run, clock, note)),
    ]


async def _figures(core: Core) -> dict[str, Any]:
    return {"objections": await core.world.database.read(objections.figures)}


def _quota(settings: Settings) -> Quota:
    return Quota(settings.quota_bytes_per_s, settings.quota_objects_per_s, settings.quota_cpu_share)


def _control(
    home: Home, core: Core, told: PeopleServices, people: People, desk: Office, people_url: Callable[[], str]
) -> ControlServices:
    return ControlServices(
        members=core.members,
        acts=core.acts,
        logs=core.logs,
        journal=core.journal,
        signer=core.signer,
        publisher=core.publisher,
        epochs=core.epochs,
        receiver=core.receiver,
        gossip=core.gossip,
        catchup=core.catchup,
        proofs=core.proofs,
        receipts=core.receipts,
        objecting=core.objecting,
        fairness=core.rooms.fairness,
        recalls=core.rooms.recalls,
        corrections=core.corrections,
        feedbacks=core.rooms.feedbacks,
        accounts=told.accounts,
        audit=Audit(core.world.database, core.world.clock),
        clock=core.world.clock,
        concern=core.rooms.concern,
        interests=core.rooms.interests,
        share=lambda channel, floor, spool, urgent, allowed: core.share(
            channel, floor, spool, urgent=urgent, allowed=allowed
        ),
        denylist=core.denylist,
        meter=core.world.meter,
        spool=lambda: SpoolFile(home.run),
        synced=core.synced,
        links=lambda: core.links.describe() if core.links else [],
        metrics=told.metrics,
        people=people,
        people_url=people_url,
        software=SOFTWARE,
        started_us=core.world.clock.now_us(),
        wake=lambda: core.links.wake() if core.links else None,
        note=core.world.note,
        diagnostics=list,
        reasons=told.reasons,
        watchkeeping=core.rooms.watchkeeping,
        desk=desk,
        brief=brief.asked,
    )
