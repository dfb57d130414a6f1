"""Backups of a node, made beside the running node, and nodes made from them again.

A backup never holds the heads folder: what a node may sign is told by the newest head alone, never by a copy of it. So
a restored node signs only in logs whose checkpoint file is there and not ahead of what was restored.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Final

import apsw

from tocsin.backends.sqlite import database
from tocsin.backends.sqlite.database import connect
from tocsin.backends.sqlite.writer import Handle
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.clock import SystemClock
from tocsin.backends.system.disk import SystemDisk
from tocsin.errors import ConfigError, FormatError, StoreError, TocsinError, VerificationError
from tocsin.exchange.members import descriptor
from tocsin.formats import canonical, strictjson
from tocsin.formats.keys import Role
from tocsin.formats.text import instant
from tocsin.node import archive, config, fsck, upgrade
from tocsin.node.home import Home
from tocsin.ports.checkpoints import UNKNOWN

VERSION: Final = 1
_TESTED: Final = ("tested_at_us", "tested_made_at")  # of the note: when a restore was proven, of a backup made when
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
# What this node has signed in an empty log is unknown: the file says "something", which keeps the log closed.
Progress = Callable[[int, int], None]


def _silent(_done: int, _all: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class _Unpacked:
    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]  # all but the store

    @property
    def handle(self) -> str:
        return str(self.manifest["handle"])

    @property
    def has_keys(self) -> bool:
        return all(name in self.files for name in archive.KEYS)


# -- make -------------------------------------------------------------------------------------------------------


def write(home: Home, to: Path | None, *, keys: bool = True, progress: Progress = _silent) -> dict[str, Any]:
    """Back up a node, running or not; `progress` counts pages.

    `to`: a new file, or a folder in which it gets a name. Raises ConfigError("config.exists", "backup.file"), StoreError.
    """
    clock = SystemClock()
    started, made_us, handle = clock.monotonic(), clock.now_us(), home.settings().handle
    out = _target(to or Path(), handle, made_us)
    draft, copy = (out.with_name(out.name + ending) for ending in (".partial", ".store.partial"))
    with _told("the backup cannot be written"):
        try:
            logs = _copy_store(home, copy, progress)
            said = {"format": VERSION, "handle": handle, "made_at": instant(made_us), "logs": logs}
            _pack(home, said, copy, draft, archive.KEYS if keys else ())
            _refuse_existing(out)
            draft.rename(out)
            _sync_folder(out.parent)
            _note(home, out, made_us)
            size = out.stat().st_size
        finally:
            for one in (draft, copy):
                one.unlink(missing_ok=True)
    entries = sum(one["size"] for one in logs)
    taken = clock.monotonic() - started
    return {**said, "file": str(out), "bytes": size, "entries": entries, "keys": keys, "seconds": round(taken, 3)}


def noted(home: Home) -> dict[str, Any] | None:
    """What is noted: of the newest backup made_at_us and file, of the last proven restore tested_at_us and tested_made_at.

    Either may be missing; None if there is neither. Raises OSError.
    """
    try:
        found = strictjson.parse(_note_file(home).read_bytes())
    except (FileNotFoundError, FormatError):
        return None
    if not isinstance(found, dict):
        return None
    made = isinstance(found.get("made_at_us"), int) and isinstance(found.get("file"), str)
    return found if made or isinstance(found.get("tested_at_us"), int) else None


def _note_file(home: Home) -> Path:
    return home.path / "last-backup.json"


def _note(home: Home, out: Path, made_us: int) -> None:
    tested = {key: value for key, value in (noted(home) or {}).items() if key in _TESTED}
    _keep(home, {**tested, "file": str(out.absolute()), "made_at_us": made_us})


def tested(folder: Path, found: Mapping[str, Any]) -> bool:
    """Note at a node that the restore of a backup of it was proven, as check() told. Whether there was such a node to note it at."""
    home = Home(folder)
    try:
        if not found["ok"] or home.settings().handle != found["handle"]:
            return False
        _keep(home, {**(noted(home) or {}), "tested_at_us": SystemClock().now_us(), "tested_made_at": found["made_at"]})
    except (TocsinError, OSError):  # no node here, or not ours to write: the proof itself stands
        return False
    return True


def _keep(home: Home, said: Mapping[str, Any]) -> None:
    draft = _note_file(home).with_suffix(".json.new")
    draft.unlink(missing_ok=True)
    _write(draft, canonical.encode(dict(said)))
    draft.rename(_note_file(home))


def _target(to: Path, handle: str, made_us: int) -> Path:
    name = f"tocsin-{handle}-{instant(made_us)[:19].replace('-', '').replace(':', '')}Z.tar"
    out = to / name if to.is_dir() else to
    _refuse_existing(out)
    return out


def _refuse_existing(out: Path) -> None:
    if out.exists() or out.is_symlink():
        raise ConfigError("config.exists", f"{out.name} exists already and is not overwritten")


def _copy_store(home: Home, copy: Path, progress: Progress) -> list[dict[str, Any]]:
    copy.unlink(missing_ok=True)
    _write(copy, b"")
    with closing(connect(str(home.store))) as source:
        source.execute("BEGIN")
        database.layout(source)  # an older one is welcome: a backup is made before an upgrade
        logs = fsck.standing(Handle(source))
        database.copy(source, copy, progress)
    return logs


def _pack(home: Home, said: dict[str, Any], copy: Path, draft: Path, keys: tuple[str, ...]) -> None:
    sources = {archive.SETTINGS: home.config_file, archive.DESCRIPTOR: home.descriptor}
    sources |= {name: home.path / name for name in keys}
    with ExitStack() as opened, _new(draft) as out:
        files: dict[str, IO[bytes]] = {name: _opened(opened, path) for name, path in sources.items()}
        files[archive.STORE] = opened.enter_context(copy.open("rb"))
        listed = {name: _measured(file) for name, file in files.items()}
        manifest = canonical.encode({**said, "files": listed})
        files |= {archive.MANIFEST: BytesIO(manifest), archive.SEAL: BytesIO(_seal(manifest))}
        sizes = {name: file.seek(0, os.SEEK_END) for name, file in files.items()}
        for file in files.values():
            file.seek(0)
        archive.write(out, ((name, sizes[name], files[name]) for name in archive.NAMES if name in files))


def _opened(opened: ExitStack, path: Path) -> IO[bytes]:
    try:
        return opened.enter_context(path.open("rb"))
    except OSError as error:
        raise ConfigError("config.file", f"{path.name} of the node cannot be read") from error


def _measured(file: IO[bytes]) -> dict[str, Any]:
    digest = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # typeshed wants a raw file
    return {"sha256": digest, "size": file.tell()}


def _seal(manifest: bytes) -> bytes:
    """A line as sha256sum writes and checks it."""
    return f"{hashlib.sha256(manifest).hexdigest()}  {archive.MANIFEST}\n".encode()


# -- check ------------------------------------------------------------------------------------------------------


async def check(file: Path, progress: Progress = _silent) -> dict[str, Any]:
    """Unpack the store into a temporary folder and verify all of it; touches no node. `progress` counts entries.

    Raises VerificationError("backup.format", "backup.digest"), ConfigError("backup.file"), StoreError.
    """
    clock = SystemClock()
    started = clock.monotonic()
    with _told("the backup cannot be read"), TemporaryDirectory(prefix="tocsin-restore-") as folder:
        store = Path(folder, archive.STORE)
        unpacked = _unpack(file, store)
        found = await _prove(store, unpacked, progress)
    return {**_described(unpacked, found), "problems": found["problems"], "seconds": _since(clock, started)}


def _described(unpacked: _Unpacked, found: dict[str, Any]) -> dict[str, Any]:
    made = unpacked.manifest["made_at"]
    shown = {name: found[name] for name in ("ok", "entries", "logs")}
    return {"handle": unpacked.handle, "made_at": made, "keys": unpacked.has_keys, **shown}


def _since(clock: SystemClock, started: float) -> float:
    return round(clock.monotonic() - started, 3)


def _unpack(file: Path, store: Path) -> _Unpacked:
    """Everything of a backup, each file as the manifest has it; the store goes to a new file."""
    if not file.is_file():
        raise ConfigError("backup.file", f"{file.name} is not there, or no ordinary file")
    files: dict[str, bytes] = {}
    seen: dict[str, Any] = {}
    with file.open("rb") as source:
        for name, size, pieces in archive.read(source):
            digest = hashlib.sha256()
            with _new(store) if name == archive.STORE else BytesIO() as sink:
                for piece in pieces:
                    digest.update(piece)
                    sink.write(piece)
                if isinstance(sink, BytesIO):
                    files[name] = sink.getvalue()
            seen[name] = {"sha256": digest.hexdigest(), "size": size}
    manifest = _manifest(files)
    for name in (archive.MANIFEST, archive.SEAL):
        del seen[name]
    listed = manifest["files"]
    wrong = [name for name in archive.NAMES if seen.get(name) != listed.get(name)]
    if wrong or not seen.keys() >= {archive.SETTINGS, archive.DESCRIPTOR, archive.STORE}:
        raise VerificationError("backup.digest", f"{wrong[0] if wrong else 'a file'} is not what the manifest says")
    unpacked = _Unpacked(manifest, files)
    _require_one_member(unpacked)
    return unpacked


def _manifest(files: Mapping[str, bytes]) -> dict[str, Any]:
    data = files.get(archive.MANIFEST, b"")
    if files.get(archive.SEAL) != _seal(data):
        raise VerificationError("backup.digest", "the manifest is not what its digest says")
    try:
        found = strictjson.parse(data, max_bytes=archive.MAX_MANIFEST)
    except FormatError as error:
        raise VerificationError("backup.format", f"the manifest cannot be read: {error.what}") from error
    kinds = {"format": int, "handle": str, "made_at": str, "logs": list, "files": dict}
    if not isinstance(found, dict) or any(not isinstance(found.get(key), kind) for key, kind in kinds.items()):
        raise VerificationError("backup.format", "the manifest lacks what it must say")
    if found["format"] != VERSION:
        raise VerificationError("backup.format", f"the backup has format {found['format']}, this version {VERSION}")
    return found


def _require_one_member(unpacked: _Unpacked) -> None:
    with TemporaryDirectory(prefix="tocsin-restore-") as folder:
        settings = Path(folder, archive.SETTINGS)
        settings.write_bytes(unpacked.files[archive.SETTINGS])
        try:
            told = {config.read(settings).handle, descriptor.read(unpacked.files[archive.DESCRIPTOR])[0].handle}
        except TocsinError as error:
            raise VerificationError("backup.format", f"settings or descriptor: {error.what}") from error
    if told != {unpacked.handle}:
        raise VerificationError("backup.format", "manifest, settings and descriptor are of different members")


async def _prove(store: Path, unpacked: _Unpacked, progress: Progress) -> dict[str, Any]:
    try:
        connection = connect(str(store))
    except StoreError as error:
        raise VerificationError("backup.store", "the store in the backup cannot be opened") from error
    with closing(connection):
        upgrade.in_place(connection)  # the backup itself is the copy of the old layout
        found = await fsck.check_store(Handle(connection), None, unpacked.handle, progress)
    if found["ok"] and found["logs"] != unpacked.manifest["logs"]:
        what = "the store holds other logs than the manifest says"
        found["problems"].append({"code": "backup.store", "where": archive.MANIFEST, "what": what})
        found["ok"] = False
    return found


# -- restore ----------------------------------------------------------------------------------------------------


async def restore(file: Path, path: Path, progress: Progress = _silent) -> dict[str, Any]:
    """A node from a backup: in an empty or absent folder, or the store alone into the node it was made from.

    `closed` names every log of ours that stays closed for signing; `heads` says whether the checkpoint files were
    there. Raises ConfigError("config.exists", "config.running", "backup.file", "backup.no-heads", "backup.kept",
    "backup.member"), StoreError, VerificationError("backup.format", "backup.digest", "backup.store").
    """
    clock = SystemClock()
    started, home = clock.monotonic(), Home(path)
    with _told("the backup cannot be restored"):
        there = home.config_file.is_file()
        made = await (_restore_store(file, home, progress) if there else _restore_all(file, home, progress))
    return {**made, "home": str(path), "seconds": _since(clock, started)}


async def _restore_all(file: Path, home: Home, progress: Progress) -> dict[str, Any]:
    if home.path.exists() and (not home.path.is_dir() or any(home.path.iterdir())):
        raise ConfigError("config.exists", f"{home.path} is neither a node nor empty; nothing was changed")
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as undo:
        undo.callback(_clear, home.path)
        unpacked, found = await _proven(file, home.store, progress)
        for folder in (home.heads, home.run, home.keys):
            folder.mkdir(mode=0o700)
        for name in (archive.DESCRIPTOR, *(name for name in archive.KEYS if name in unpacked.files)):
            _write(home.path / name, unpacked.files[name])
        closed = await _close(home, unpacked, found)
        for folder in (home.keys, home.heads):
            _sync_folder(folder)
        # Written last: a folder without it is not a node yet.
        _write(home.config_file, unpacked.files[archive.SETTINGS])
        _sync_folder(home.path)
        undo.pop_all()
    return {**_described(unpacked, found), "heads": False, "closed": closed, "kept": None}


async def _restore_store(file: Path, home: Home, progress: Progress) -> dict[str, Any]:
    if not home.heads.is_dir():
        raise ConfigError("backup.no-heads", f"{home.path} has no heads folder")
    kept = home.path / "store.sqlite.before-restore"
    fresh = home.path / "store.sqlite.restoring"
    with home.lock(), ExitStack() as undo:
        if kept.exists() and home.store.exists():
            raise ConfigError("backup.kept", f"{kept.name} of an earlier restore is still there")
        _remove(fresh)
        undo.callback(_remove, fresh)
        unpacked, found = await _proven(file, fresh, progress)
        _require_member_of(home, unpacked)
        closed = await _close(home, unpacked, found)
        _swap(home.store, fresh, kept)
    old = str(kept) if kept.exists() else None
    return {**_described(unpacked, found), "heads": True, "closed": closed, "kept": old}


async def _proven(file: Path, store: Path, progress: Progress) -> tuple[_Unpacked, dict[str, Any]]:
    unpacked = _unpack(file, store)
    found = await _prove(store, unpacked, progress)
    if not found["ok"]:
        raise VerificationError("backup.store", f"the store in the backup has {len(found['problems'])} problems")
    return unpacked, found


def _require_member_of(home: Home, unpacked: _Unpacked) -> None:
    told, _ = descriptor.read(unpacked.files[archive.DESCRIPTOR])
    ours = home.keyring().signing(Role.LOG).public
    if told.handle != home.settings().handle or told.keys[Role.LOG].raw != ours.raw:
        raise ConfigError(
            "backup.member", f"the backup is of {told.handle}, with other keys or another handle than here"
        )


async def _close(home: Home, unpacked: _Unpacked, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Our logs that the node will not sign in. An empty one without a file would look new to it: it gets its file."""
    with closing(SystemDisk(home.heads)) as disk:
        heads = CheckpointFiles(disk, threaded=False)
        closed = []
        for log in found["logs"]:
            if log["origin"] != unpacked.handle:
                continue
            slot = bytes.fromhex(log["slot"])
            held = await heads.load(slot)
            if held is None and log["size"] == 0:
                await heads.replace(slot, None, UNKNOWN)
            if held is None or held.size > log["size"] or (held.size == log["size"] and held.root.hex() != log["root"]):
                signed = held.size if held is not None and held != UNKNOWN else None
                closed.append({"slot": log["slot"], "size": log["size"], "signed": signed})
    return closed


def _swap(store: Path, fresh: Path, kept: Path) -> None:
    # The store goes first: whenever this is cut off there is no store, and restoring again goes on from there.
    for ending in ("", "-wal", "-shm"):
        old = store.with_name(store.name + ending)
        if old.exists():
            old.rename(kept.with_name(kept.name + ending))
    _sync_folder(store.parent)  # an old WAL must never meet the new store
    fresh.rename(store)
    _sync_folder(store.parent)


# -- files ------------------------------------------------------------------------------------------------------


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except apsw.FullError as error:
        raise StoreError("store.full", what) from error
    except apsw.Error as error:
        raise ConfigError("backup.file", f"{what} ({type(error).__name__})") from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StoreError("store.full", what) from error
        raise ConfigError("backup.file", f"{what}: {(error.strerror or 'no reason given').lower()}") from error


@contextmanager
def _new(path: Path) -> Iterator[IO[bytes]]:
    """A new file for its owner only, durable when left."""
    if path.name.endswith(".partial"):
        path.unlink(missing_ok=True)  # of a backup that was killed
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _write(path: Path, data: bytes) -> None:
    with _new(path) as file:
        file.write(data)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(store: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        store.with_name(store.name + ending).unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Empty a folder that was empty before we began."""
    for one in folder.iterdir():
        if one.is_dir():
            shutil.rmtree(one)
        else:
            one.unlink()
