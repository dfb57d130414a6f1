"""One log as a file for auditors: every entry, checkpoint and receipt, to be verified without this program.

docs/formats/export.md has the layout, docs/formats/verify.py is the verifier.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import starmap
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from tocsin.backends.sqlite.database import ThreadedDatabase
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.disk import SystemDisk
from tocsin.backends.system.entropy import SystemEntropy
from tocsin.edge.audit import Audit, Operation, Seen, Use
from tocsin.errors import ConfigError, PolicyError, StoreError, VerificationError
from tocsin.exchange.deliver.receipts import held_by
from tocsin.exchange.journal.history import objects_of, withheld
from tocsin.exchange.journal.journal import entries
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.registry import Members
from tocsin.exchange.tlog.logs import Log, Logs, checkpoints, root_at
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import canonical, statement
from tocsin.formats.entry import Handling, encode_header
from tocsin.node.home import Home
from tocsin.ports.database import Database, Reading

FORMAT: Final = "tocsin-log/v2"
_STEP: Final = 512
_UNSAID: Final = "tocsin log export; no reason given"
Progress = Callable[[int, int], None]


class Wanted(NamedTuple):
    """Which log: of a channel by name or id, an origin ("": our own), a generation (0: the newest), a lane."""

    channel: str
    origin: str = ""
    generation: int = 0
    urgent: bool = False
    reason: str = ""  # for the audit trail


class Sight(NamedTuple):
    """A log as it is exported: up to `end` entries, with every charter so far. `signer` has looked at our own log."""

    log: Log
    end: int
    charters: tuple[Charter, ...]  # oldest first
    receipts: list[tuple[Any, ...]]  # as held_by() has them
    signer: Signer | None
    now_us: int = 0  # what may not be shown at this moment stands there as its commitment


async def write(home: Home, wanted: Wanted, out: Path, progress: Progress = lambda _done, _all: None) -> dict[str, Any]:
    """Export one log to a new file, beside the running node or without it.

    `progress(done, all)` counts entries. Raises ConfigError("config.exists", "config.no-charter", "config.key-missing",
    "export.file"), PolicyError, StoreError, VerificationError("tlog.behind").
    """
    _refuse_existing(out)
    me, keys = home.settings().handle, home.keyring()
    disk = SystemDisk(home.heads)
    database = ThreadedDatabase(str(home.store))
    try:
        members = Members(me, database, keys, SystemClock(), SystemEntropy())
        logs = Logs(database)
        await members.load()
        await logs.load()
        signer = Signer(me, keys, CheckpointFiles(disk, threaded=False))
        sight = await look(members, logs, signer, database, wanted)
        sight = sight._replace(now_us=SystemClock().now_us())
        # The one thing that is written beside the node: a use that leaves no record is none that may happen.
        use = Use("log export", f"uid:{os.getuid()}", Operation.EXPORT, wanted.reason or _UNSAID)
        seen = await database.read(lambda db: objects_of(db, sight.log.number, sight.end))
        await Audit(database, SystemClock()).seen(use, starmap(Seen, seen))
        saved = await database.read(lambda db: _save(db, sight, out, progress))
        return {"channel": wanted.channel, "origin": sight.log.origin, **saved}
    finally:
        await database.close()
        disk.close()


async def look(members: Members, logs: Logs, signer: Signer, database: Database, wanted: Wanted) -> Sight:
    """Find the log, and up to where it may be shown.

    Of our own log only what the checkpoint file covers is signed. The file is read after the receipts: they cover nothing
    that it does not hold.
    """
    log, charters = _log(members, logs, wanted), members.history
    if log.origin != members.me:
        return Sight(log, log.size, charters, [], None)
    receipts = await database.read(lambda db: held_by(db, log.number))
    held = await signer.look(log)
    if held is None or (held.size and held.root != await database.read(lambda db: root_at(db, log.number, held.size))):
        raise VerificationError("tlog.behind", "our own log is not what its checkpoint file says was signed")
    return Sight(log, held.size, charters, receipts, signer)


def _log(members: Members, logs: Logs, wanted: Wanted) -> Log:
    channel, origin = members.channel(wanted.channel), wanted.origin or members.me
    if wanted.generation:
        known = [one for one in members.generations() if (one.id, one.version) == (channel.id, wanted.generation)]
        if not known:
            raise PolicyError("policy.no-such-channel", f"no generation {wanted.generation} of this channel is ours")
        channel = known[0]
    slot = (channel.urgent if wanted.urgent else channel.slots).get(origin)
    if slot is None:
        raise PolicyError("policy.unknown-member", f"no member {origin!r} in this channel")
    log = logs.get(slot)
    if log is None:
        raise StoreError("store.no-log", "the log has not been made here yet")
    return log


# -- the lines --------------------------------------------------------------------------------------------------


def lines(reading: Reading, sight: Sight) -> Iterator[bytes]:
    """The export, line by line, each with its newline. Raises StoreError("store.gap")."""
    log, end = sight.log, sight.end
    head = {
        "charter": sight.charters[-1].digest.hex(),
        "format": FORMAT,
        "log": log.name,
        "origin": log.origin,
        "size": end,
        "slot": log.slot.hex(),
    }
    yield _line(head)
    # Every version: each proves the keys of the next, and former keys have signed what was said before.
    for one in sight.charters:
        yield _line({"charter": statement.encode(one.signed).decode("utf-8")})
    done = 0
    for size, root, signed in checkpoints(reading, log.number, end):
        yield from _entries(reading, sight, done, size)
        done = size
        made = signed if sight.signer is None else sight.signer.sign(log, size, root)
        if made is None:
            raise StoreError("store.gap", "a checkpoint of another member's log is without its signature")
        yield _line({"checkpoint": made.decode("utf-8")})
    if done != end:
        raise StoreError("store.gap", "the newest checkpoint of the log is missing; run tocsin fsck")
    for member, size, _, key_id, blob in sight.receipts:
        if 0 < size <= end:
            told = {"blob": _b64(blob), "key_id": _b64(key_id), "member": member, "size": size}
            yield _line({"receipt": told})


def _entries(reading: Reading, sight: Sight, start: int, end: int) -> Iterator[bytes]:
    log = sight.log
    for at in range(start, end, _STEP):
        hidden = withheld(reading, log.number, at, min(end, at + _STEP), sight.now_us)
        rows = entries(reading, log.number, at, min(end, at + _STEP))
        if [row[0] for row in rows] != list(range(at, min(end, at + _STEP))):
            raise StoreError("store.gap", "entries of the log are missing from the journal; run tocsin fsck")
        for seq, marking, sent_at, keep_until, salt, content, commitment, kind, _ in rows:
            if content is None or salt is None or seq in hidden:
                yield _line({"commitment": _b64(commitment), "seq": seq})
                continue
            header = encode_header(seq, Handling(kind, marking, sent_at, keep_until))
            told = {"content": content.decode("utf-8"), "header": _b64(header), "salt": _b64(salt), "seq": seq}
            yield _line(told)


def _line(value: dict[str, Any]) -> bytes:
    return canonical.encode(value) + b"\n"


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")


# -- the file ---------------------------------------------------------------------------------------------------


def _refuse_existing(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise ConfigError("config.exists", f"{out.name} exists already and is not overwritten")


def _save(reading: Reading, sight: Sight, out: Path, progress: Progress) -> dict[str, Any]:
    draft = out.with_name(out.name + ".partial")
    counts = {"charters": 0, "entries": 0, "erased": 0, "checkpoints": 0, "receipts": 0}
    try:
        draft.unlink(missing_ok=True)
        # Content stands in it: for its owner only.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _fill(file, lines(reading, sight), counts, lambda done: progress(done, sight.end))
        draft.rename(out)
    except OSError as error:
        why = (error.strerror or "no reason given").lower()
        raise ConfigError("export.file", f"{out.name} cannot be written: {why}") from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    return {"file": str(out), "bytes": out.stat().st_size, "log": sight.log.name, **counts}


def _fill(file: IO[bytes], made: Iterator[bytes], counts: dict[str, int], progress: Callable[[int], None]) -> None:
    file.write(next(made))
    for line in made:
        file.write(line)
        # The first member of a line tells what it is: its members are sorted.
        if line.startswith(b'{"charter"'):
            counts["charters"] += 1
        elif line.startswith(b'{"checkpoint"'):
            counts["checkpoints"] += 1
            progress(counts["entries"])
        elif line.startswith(b'{"receipt"'):
            counts["receipts"] += 1
        else:
            counts["entries"] += 1
            counts["erased"] += line.startswith(b'{"commitment"')
