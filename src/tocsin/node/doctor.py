"""doctor: named checks of a node's folder, machine and links. Each fault has its code and the mend."""

import asyncio
import shutil
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import apsw

from tocsin.backends.sqlite import database
from tocsin.backends.sqlite.database import SCHEMA, connect
from tocsin.backends.sqlite.writer import Handle
from tocsin.backends.system import warninglists
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.disk import SystemDisk
from tocsin.backends.system.keyring import certificate_end
from tocsin.edge.console import assets
from tocsin.errors import MEANINGS, ConfigError, TocsinError
from tocsin.exchange.members import charter, descriptor
from tocsin.formats.keys import Role
from tocsin.node import backup, fsck
from tocsin.node.config import address
from tocsin.node.faults import Finding, Status, fault, named, of_status, warning, well
from tocsin.node.home import Home
from tocsin.ports.checkpoints import Held

_SMALL_STORE: Final = 32 * 1024 * 1024  # read through in some hundredths of a second
_LOW_DISK: Final = 512 * 1024 * 1024
_SOON: Final = timedelta(days=30)
_OLD: Final = timedelta(days=7)


def examine(home: Home, node: Status | TocsinError, *, patient: bool = True) -> list[Finding]:
    """Every check, in order: name, state (ok, warn, fail), code, what, do. A check that cannot be made is a fail.

    `node`: the running node's answer to `GET /status`, or why there is none. Who is not `patient` has an answer soon: a
    large store is not read through.
    """
    checks: list[tuple[str, Callable[[Home], Iterator[Finding]]]] = [
        ("settings", _settings),
        ("keys", _keys),
        ("files", _modes),
        ("certificate", _certificate),
        ("descriptor", _descriptor),
        ("store", partial(_store, patient=patient)),
        ("charter", _charter),
        ("checkpoint files", _heads),
        ("members", _contradictions),
        ("deny-lists", _denylists),
        ("disk", _disk),
        ("clock", _clock),
        ("backup", _backup),
        ("browser code", _browser_code),
        ("brief", _brief),
        ("node", lambda home: _silent(home, node) if isinstance(node, TocsinError) else iter(())),
    ]
    findings = [one for name, check in checks for one in _checked(name, check, home)]
    return findings if isinstance(node, TocsinError) else [*findings, *of_status(node)]


def _checked(name: str, check: Callable[[Home], Iterator[Finding]], home: Home) -> list[Finding]:
    try:
        return named(name, check(home))
    except TocsinError as error:
        found = fault(error.code, error.what, do=error.meaning.do)
    except (OSError, apsw.Error) as error:
        found = fault("doctor.unreadable", f"the check could not be made ({type(error).__name__})")
    return named(name, iter((found,)))


# -- the folder -------------------------------------------------------------------------------------------------


def _settings(home: Home) -> Iterator[Finding]:
    settings = home.settings()
    yield well(f"{settings.handle}, peers on {settings.peer_listen}, people on {settings.people_listen}")


def _keys(home: Home) -> Iterator[Finding]:
    keys = home.keyring()
    for role in (Role.GOVERNANCE, Role.LOG, Role.RECEIPT):
        keys.signing(role)
    keys.sealing()
    if not keys.certificate_key.is_file():
        yield fault("config.key-missing", "the key file transport.key is missing")
    else:
        yield well("governance, log, receipt, seal and transport keys are there and readable")


def _modes(home: Home) -> Iterator[Finding]:
    for path in (home.keys, *sorted(home.keys.glob("*.key")), home.heads, home.store):
        if path.exists() and path.stat().st_mode & 0o077:
            mode = 700 if path.is_dir() else 600
            what = f"{path.relative_to(home.path)} is open to others"
            yield fault("doctor.permissions", what, do=f"chmod {mode} {path}")


def _certificate(home: Home) -> Iterator[Finding]:
    left = certificate_end(home.keyring()) - datetime.fromtimestamp(SystemClock().now_us() / 1e6, UTC)
    what = f"the transport certificate ends in {left.days} days"
    if left <= timedelta():
        yield fault("doctor.certificate", "the transport certificate has ended")
    else:
        yield warning("doctor.certificate", what) if left < _SOON else well(what)


def _descriptor(home: Home) -> Iterator[Finding]:
    found, _ = descriptor.read(home.descriptor.read_bytes())
    if found.keys[Role.GOVERNANCE].raw != home.keyring().signing(Role.GOVERNANCE).public.raw:
        yield fault("doctor.descriptor", "the descriptor is of other keys than this node has")


def _store(home: Home, *, patient: bool) -> Iterator[Finding]:
    with closing(connect(str(home.store))) as connection:
        found = database.layout(connection)
        size = home.store.stat().st_size
        through = patient or size <= _SMALL_STORE
        checked = Handle(connection).query("PRAGMA quick_check(5)") if through else []
    broken = [row[0] for row in checked if row[0] != "ok"]
    if broken:
        do = "Run tocsin fsck, then restore from a backup."
        yield fault("fsck.sqlite", f"SQLite finds {len(broken)} faults in the store", do=do)
    elif found != SCHEMA:
        yield warning("store.old", f"the store has layout {found}; the next start upgrades it to {SCHEMA}")
    else:
        told = f"layout {found}, SQLite {apsw.sqlite_lib_version()}, {size // 1024} KiB"
        yield well(told if through else f"{told}; too large to be read through here: tocsin doctor does")


def _charter(home: Home) -> Iterator[Finding]:
    with closing(connect(str(home.store))) as connection:
        rows = Handle(connection).query("SELECT note FROM members_charters ORDER BY version")
    if not rows:
        yield warning("config.no-charter", "no charter is in force here")
        return
    read = charter.chain(row[0] for row in rows)[-1]
    yield well(f"{read.name}, version {read.version}, {len(read.members)} members")
    me = home.settings().handle
    out = [one.handle for one in read.members.values() if not one.endpoint]
    if me in out and len(out) > 1:
        others = ", ".join(one for one in sorted(out) if one != me)
        yield warning("doctor.no-way", f"no link is possible with {others}: neither they nor we have an endpoint")


def _heads(home: Home) -> Iterator[Finding]:
    if not home.heads.is_dir():
        yield fault("doctor.heads", "the folder heads is missing")
        return
    me = home.settings().handle
    with closing(connect(str(home.store))) as connection, closing(SystemDisk(home.heads)) as disk:
        reading, files = Handle(connection), CheckpointFiles(disk, threaded=False)
        ours = [log["slot"] for log in fsck.standing(reading) if log["origin"] == me]
        # First the files, then the store again: beside a running node the files never are ahead of what is read later.
        held = {slot: asyncio.run(files.load(bytes.fromhex(slot))) for slot in ours}
        for log in fsck.standing(reading):
            if log["slot"] in held and (why := _differs(held[log["slot"]], log)):
                yield fault("tlog.behind", f"log {log['slot'][:16]}: {why}")


def _differs(held: Held | None, log: Mapping[str, Any]) -> str:
    if held is None:
        return f"it holds {log['size']} entries, its checkpoint file is gone" if log["size"] else ""
    if held.size > log["size"]:
        return f"it holds {log['size']} entries, its checkpoint file says {held.size}"
    same = held.size < log["size"] or held.root.hex() == log["root"] or not held.size
    return "" if same else f"log and checkpoint file differ at {held.size} entries"


def _contradictions(home: Home) -> Iterator[Finding]:
    with closing(connect(str(home.store))) as connection:
        rows = Handle(connection).query(
            "SELECT DISTINCT r.code, l.origin FROM receive_refusals r JOIN tlog_logs l ON l.log = r.log "
            "WHERE r.code IN ('receive.fork', 'receive.rollback') ORDER BY l.origin, r.code"
        )
    for code, origin in rows:
        yield warning(code, f"{origin} has contradicted its own signature")


def _denylists(home: Home) -> Iterator[Finding]:
    found = warninglists.files()
    compiled = warninglists.place(home.run)
    if compiled.exists():
        warninglists.read(compiled)
    yield well(f"{len(found)} lists of the package {warninglists.PACKAGE}")


# -- the machine ------------------------------------------------------------------------------------------------


def _disk(home: Home) -> Iterator[Finding]:
    free = shutil.disk_usage(home.path).free
    has = home.ballast.exists()
    if free <= _LOW_DISK:
        do = f"{MEANINGS['doctor.disk'].do} In need: rm {home.ballast}" if has else ""
        yield fault("doctor.disk", f"{free // 2**20} MiB free", do=do)
    else:
        yield well(f"{free // 2**20} MiB free")
    # A node that never ran has none yet.
    if home.settings().ballast_bytes and not has and any(home.heads.glob("*")):
        yield warning("doctor.ballast", "there is no ballast")


def _clock(home: Home) -> Iterator[Finding]:
    now = SystemClock().now().timestamp()
    newest = max(path.stat().st_mtime for path in (home.store, home.config_file))
    if newest > now + 60:
        yield warning("doctor.clock", "the clock stands before files this node wrote")


def _backup(home: Home) -> Iterator[Finding]:
    newest = backup.noted(home)
    if newest is None or "made_at_us" not in newest:
        yield warning("doctor.backup", "no backup of this node was ever made")
        return
    age = timedelta(microseconds=SystemClock().now_us() - newest["made_at_us"])
    what = f"the newest backup is {age.days} days old: {newest['file']}"
    yield warning("doctor.backup", what) if age > _OLD else well(what)


def _browser_code(_home: Home) -> Iterator[Finding]:
    faults = assets.faults()
    if faults:
        yield warning("doctor.browser-code", f"missing or changed: {', '.join(faults)}")
    else:
        yield well("the console has the JavaScript it was packed with")


def _brief(_home: Home) -> Iterator[Finding]:
    try:
        assets.fonts()
    except ConfigError as error:
        yield warning(error.code, error.what)
    else:
        yield well("the font of the brief is there")


def _silent(home: Home, why: TocsinError) -> Iterator[Finding]:
    if why.code != "config.not-running":
        yield fault(why.code, why.what, do=why.meaning.do)
        return
    yield warning(why.code, "the node does not run")
    settings = home.settings()
    for code, name, listen in (
        ("peer.listen", "peer_listen", settings.peer_listen),
        ("config.people-listen", "people_listen", settings.people_listen),
    ):
        if not _is_free(*address(listen)):
            yield fault(code, f"{name} {listen} is taken or not ours")


def _is_free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True
