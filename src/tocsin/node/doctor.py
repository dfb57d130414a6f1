"""doctor: named checks of a node's folder and machine, each ok, warn or fail, with the mend."""

import shutil
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import apsw

from tocsin.backends.sqlite.database import connect, require_schema
from tocsin.backends.sqlite.writer import Handle
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.keyring import certificate_end
from tocsin.errors import TocsinError
from tocsin.exchange.members import charter, descriptor
from tocsin.formats.keys import Role
from tocsin.node import backup
from tocsin.node.config import address
from tocsin.node.home import Home

_LOW_DISK: Final = 512 * 1024 * 1024
_SOON: Final = timedelta(days=30)
_OLD: Final = timedelta(days=7)
Finding = dict[str, Any]


def examine(home: Home) -> list[Finding]:
    """Every check, in order; a check that cannot be made is a fail with its reason."""
    checks: list[tuple[str, Callable[[Home], Iterator[Finding]]]] = [
        ("settings", _settings),
        ("keys", _keys),
        ("key files", _modes),
        ("certificate", _certificate),
        ("descriptor", _descriptor),
        ("store", _store),
        ("charter", _charter),
        ("disk", _disk),
        ("clock", _clock),
        ("backup", _backup),
        ("node", _node),
    ]
    findings: list[Finding] = []
    for name, check in checks:
        try:
            found = list(check(home))
        except TocsinError as error:
            found = [_finding("fail", error.what, error.meaning.do)]
        except (OSError, apsw.Error) as error:
            found = [
                _finding(
                    "fail", f"the check could not be made ({type(error).__name__})", "See that the files are readable."
                )
            ]
        findings += [{"name": name, **one} for one in found or [_finding("ok", "", "")]]
    return findings


def _finding(state: str, what: str, do: str) -> Finding:
    return {"state": state, "what": what, "do": do}


def _settings(home: Home) -> Iterator[Finding]:
    settings = home.settings()
    yield _finding("ok", f"{settings.handle}, peers on {settings.peer_listen}, people on {settings.people_listen}", "")


def _keys(home: Home) -> Iterator[Finding]:
    keys = home.keyring()
    for role in (Role.GOVERNANCE, Role.LOG, Role.RECEIPT):
        keys.signing(role)
    keys.sealing()
    yield _finding("ok", "governance, log, receipt and seal keys are there and readable", "")


def _modes(home: Home) -> Iterator[Finding]:
    for path in sorted(home.keys.iterdir()):
        if path.suffix == ".key" and path.stat().st_mode & 0o077:
            yield _finding("fail", f"{path.name} can be read by others", f"chmod 600 {path}")


def _certificate(home: Home) -> Iterator[Finding]:
    left = certificate_end(home.keyring()) - datetime.fromtimestamp(SystemClock().now_us() / 1e6, UTC)
    if left < _SOON:
        yield _finding(
            "warn", f"the transport certificate ends in {left.days} days", "Plan a key change in the charter."
        )
    else:
        yield _finding("ok", f"the transport certificate is good for {left.days} days", "")


def _descriptor(home: Home) -> Iterator[Finding]:
    found, _ = descriptor.read(home.descriptor.read_bytes())
    if found.keys[Role.GOVERNANCE].raw != home.keyring().signing(Role.GOVERNANCE).public.raw:
        yield _finding(
            "fail", "the descriptor is of other keys than this node has", "Restore descriptor.note and keys together."
        )


def _store(home: Home) -> Iterator[Finding]:
    connection = connect(str(home.store))
    try:
        require_schema(connection)
        broken = [row[0] for row in Handle(connection).query("PRAGMA quick_check(5)") if row[0] != "ok"]
    finally:
        connection.close()
    if broken:
        yield _finding(
            "fail", f"SQLite finds {len(broken)} faults in the store", "Run tocsin fsck, then restore from a backup."
        )
    else:
        yield _finding("ok", f"SQLite {apsw.sqlite_lib_version()}, {home.store.stat().st_size // 1024} KiB", "")


def _charter(home: Home) -> Iterator[Finding]:
    connection = connect(str(home.store))
    try:
        rows = Handle(connection).query("SELECT note FROM members_charters ORDER BY version DESC LIMIT 1")
    finally:
        connection.close()
    if not rows:
        yield _finding("warn", "no charter is in force here", "tocsin charter adopt FILE")
        return
    read = charter.read(rows[0][0])
    charter.require_complete(read)
    yield _finding("ok", f"{read.name}, version {read.version}, {len(read.members)} members", "")
    me = home.settings().handle
    out = [one.handle for one in read.members.values() if not one.endpoint]
    if me in out and len(out) > 1:
        others = ", ".join(one for one in sorted(out) if one != me)
        yield _finding(
            "warn",
            f"no link is possible with {others}: neither they nor we have an endpoint",
            "One of two members that exchange needs an endpoint that the other can dial.",
        )


def _disk(home: Home) -> Iterator[Finding]:
    free = shutil.disk_usage(home.path).free
    state = "ok" if free > _LOW_DISK else "fail"
    yield _finding(
        state, f"{free // 2**20} MiB free", "" if state == "ok" else "Make room: a full disk stops every receipt."
    )


def _clock(home: Home) -> Iterator[Finding]:
    now = SystemClock().now().timestamp()
    newest = max(path.stat().st_mtime for path in (home.store, home.config_file))
    if newest > now + 60:
        yield _finding("warn", "the clock stands before files this node wrote", "Set the clock (NTP).")


def _backup(home: Home) -> Iterator[Finding]:
    newest = backup.noted(home)
    if newest is None:
        yield _finding("warn", "no backup of this node was ever made", "tocsin backup --to FOLDER")
        return
    age = timedelta(microseconds=SystemClock().now_us() - newest["made_at_us"])
    what = f"the newest backup is {age.days} days old: {newest['file']}"
    yield _finding("warn", what, "tocsin backup --to FOLDER") if age > _OLD else _finding("ok", what, "")


def _node(home: Home) -> Iterator[Finding]:
    door = socket.socket(socket.AF_UNIX)
    door.settimeout(2)
    try:
        door.connect(str(home.socket))
        yield _finding("ok", "the node runs and answers on its control socket", "")
    except OSError:
        yield _finding("warn", "the node does not run", "tocsin run")
        for name, listen in (
            ("peer_listen", home.settings().peer_listen),
            ("people_listen", home.settings().people_listen),
        ):
            yield from _port(name, *address(listen))
    finally:
        door.close()


def _port(name: str, host: str, port: int) -> Iterator[Finding]:
    probe = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((host, port))
    except OSError:
        yield _finding("fail", f"{name} {host}:{port} is taken or not ours", f"Choose another {name} in tocsin.toml.")
    finally:
        probe.close()
