# ruff: noqa: N802 - SQLite names the methods of a VFS
"""A disk in memory with a list of all that was done to it: databases through a SQLite VFS, small files beside them.

SQLite finds no shared memory here, so the backend must say `PRAGMA locking_mode=EXCLUSIVE` before anything else and use
one connection per database; then `journal_mode=WAL` works and writes, syncs and checkpoints as it does on a real disk.
Names are synced where SQLite's own unix VFS does it: with the first sync of a new journal or log file, and with a
delete that asks for it. SQL functions of time stand still, and SQLite's sleep takes no time.
"""

import errno
import weakref
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import apsw

from tocsin.errors import StoreError

PAGE = 4096  # what the kernel writes back as one piece
_DISK = "/disk/"  # where the small files live, apart from the databases
_JULIAN_MS = 212_633_856_000_000  # 2026-01-01T12:00:00Z
_NEW_JOURNAL = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL | apsw.SQLITE_OPEN_WAL


class Fault(StrEnum):
    """How one operation fails."""

    FULL = "full"  # no space left; a sync or a removal fails as ERROR does
    ERROR = "error"  # input/output error, nothing done
    DONE = "done"  # done, and then reported as an error


@dataclass(slots=True, eq=False)
class Inode:
    """A file, whatever its name."""

    number: int
    data: bytearray = field(default_factory=bytearray)
    locks: dict[int, int] = field(default_factory=dict)  # open file -> SQLite's lock level


@dataclass(slots=True)
class Write:
    """Bytes put into a file, not yet durable."""

    inode: int
    offset: int
    data: bytes

    def apply(self, to: bytearray) -> None:
        """Do it."""
        put(to, self.offset, self.data)


@dataclass(slots=True)
class Resize:
    """A file cut or lengthened, not yet durable."""

    inode: int
    size: int

    def apply(self, to: bytearray) -> None:
        """Do it."""
        del to[self.size :]
        to.extend(bytes(self.size - len(to)))


@dataclass(slots=True)
class Synced:
    """All before it in this file is durable, or was given up by a failed sync."""

    inode: int
    failed: bool


@dataclass(slots=True)
class Named:
    """A name given to a file or taken away, not yet durable."""

    path: str
    inode: int | None  # None removes the name


@dataclass(slots=True)
class Renamed:
    """A file moved to another name of its directory in one step, not yet durable: it arrives whole or not at all."""

    old: str
    path: str
    inode: int


@dataclass(slots=True)
class SyncDirectory:
    """The names of a directory are durable."""

    directory: str


@dataclass(slots=True)
class Event:
    """The test says that this left the node."""

    what: Any


Op = Write | Resize | Synced | Named | Renamed | SyncDirectory | Event


class MemoryDisk:
    """The disk of one node. Reached by SQLite through `vfs_name`, by the node's small files through `disk`.

    files: what is on it at first. record=False keeps no list, for long runs. atomic_create: RecordedDisk.create makes
    the file whole before it gets its name; otherwise a cut may leave it torn, which is all that ports.disk promises.
    Calls may come from one thread at a time.
    """

    def __init__(
        self, files: dict[str, bytes] | None = None, *, record: bool = True, atomic_create: bool = False
    ) -> None:
        self.atomic_create = atomic_create
        self.operations = 0  # writes, truncations, syncs, names made and removed; the next is number operations + 1
        self.generation = 0  # of the process that holds files open
        self.origin = {path: bytes(data) for path, data in (files or {}).items()}
        self.recorded: list[Op] | None = [] if record else None
        self._names = {path: Inode(n, bytearray(data)) for n, (path, data) in enumerate(self.origin.items())}
        self._inodes = len(self._names)
        self._fault: tuple[int, Fault, bool] | None = None
        self._vfs = _MemoryVFS(self)

    @property
    def disk(self) -> "RecordedDisk":
        """The small files, for one process: after kill() it is dead, ask again."""
        return RecordedDisk(self)

    @property
    def vfs_name(self) -> str:
        """For apsw.Connection(path, vfs=...). Good as long as this object, its `disk` or an open connection lives."""
        return self._vfs.registered_name

    def event(self, what: Any) -> None:
        """Remember that this left the node now."""
        self._log(Event(what))

    def fail(self, operation: int, kind: Fault, *, lasting: bool = False) -> None:
        """Let that operation (see `operations`) fail; with `lasting` every later one too, until mend().

        Close every connection, or kill() and mend(), before letting it go: apsw tells the interpreter of a fault that
        a forgotten connection meets, and pytest takes that for a failure.
        """
        self._fault = (operation, kind, lasting)

    def mend(self) -> None:
        """No operation fails any more."""
        self._fault = None

    def kill(self) -> None:
        """The process dies (not the power): its locks go, what it wrote stays. Ask `vfs_name` and `disk` anew.

        Its connections, if any are left, go on as ghosts: whatever they still do nobody sees. Its `disk` refuses.
        """
        self.generation += 1
        self._vfs = _MemoryVFS(self)
        self._names = {path: Inode(inode.number, bytearray(inode.data)) for path, inode in self._names.items()}

    def files(self) -> dict[str, bytes]:
        """Every file by path as the running system sees it; small files are under /disk/."""
        return {path: bytes(inode.data) for path, inode in self._names.items()}

    def flip_bit(self, path: str, bit: int) -> None:
        """Rot: flip one bit of a file, behind the back of the list."""
        self._names[path].data[bit // 8] ^= 1 << bit % 8

    # -- what the VFS and the small files ask ------------------------------------------------------------------------

    def find(self, path: str) -> Inode | None:
        """The file of that name."""
        return self._names.get(path)

    def make(self, path: str) -> Inode:
        """A new empty file."""
        fault = self._next_fault()
        inode = self._new_inode()
        if fault is None or fault is Fault.DONE:
            self._name(path, inode)
        _raise(fault)
        return inode

    def remove(self, path: str) -> None:
        """Take the name away; whoever has the file open keeps it."""
        fault = self._next_fault()
        if fault is None or fault is Fault.DONE:
            del self._names[path]
            self._log(Named(path, None))
        _raise(fault, full_counts=False)

    def link(self, path: str, new: str) -> None:
        """Give a file one more name."""
        fault = self._next_fault()
        if fault is None or fault is Fault.DONE:
            self._name(new, self._names[path])
        _raise(fault)

    def rename(self, path: str, new: str) -> None:
        """Move a file to another name of its directory, in the place of what has that name."""
        if directory(path) != directory(new):
            raise ValueError("from one directory to another is not modelled")
        fault = self._next_fault()
        if fault is None or fault is Fault.DONE:
            inode = self._names[new] = self._names.pop(path)
            self._log(Renamed(path, new, inode.number))
        _raise(fault)

    def write(self, inode: Inode, offset: int, data: bytes) -> None:
        """Put bytes in place."""
        fault = self._next_fault()
        if fault is None or fault is Fault.DONE:
            put(inode.data, offset, data)
            self._log(Write(inode.number, offset, data))
        _raise(fault)

    def resize(self, inode: Inode, size: int) -> None:
        """Cut or lengthen the file."""
        fault = self._next_fault()
        if fault is None or fault is Fault.DONE:
            op = Resize(inode.number, size)
            op.apply(inode.data)
            self._log(op)
        _raise(fault, full_counts=False)

    def sync(self, inode: Inode) -> None:
        """Make the bytes of the file durable."""
        fault = self._next_fault()
        self._log(Synced(inode.number, failed=fault is not None and fault is not Fault.DONE))
        _raise(fault, full_counts=False)

    def sync_directory(self, path: str) -> None:
        """Make the names in the directory of `path` durable."""
        fault = self._next_fault()
        if fault is None or fault is Fault.DONE:
            self._log(SyncDirectory(directory(path)))
        _raise(fault, full_counts=False)

    def make_whole(self, path: str, data: bytes) -> None:
        """A new file that has its bytes before it has its name."""
        inode = self._new_inode()
        self.write(inode, 0, data)
        self.sync(inode)
        fault = self._next_fault()
        if fault is None or fault is Fault.DONE:
            self._name(path, inode)
        _raise(fault)

    def _new_inode(self) -> Inode:
        inode = Inode(self._inodes)
        self._inodes += 1
        return inode

    def _name(self, path: str, inode: Inode) -> None:
        self._names[path] = inode
        self._log(Named(path, inode.number))

    def _log(self, op: Op) -> None:
        if self.recorded is not None:
            self.recorded.append(op)

    def _next_fault(self) -> Fault | None:
        self.operations += 1
        if self._fault is None:
            return None
        operation, kind, lasting = self._fault
        hit = self.operations == operation or (lasting and self.operations > operation)
        return kind if hit else None


class RecordedDisk:
    """ports.disk.Disk in memory, in the same list as the database, so that a cut takes both at one point."""

    def __init__(self, storage: MemoryDisk) -> None:
        self._storage = storage
        self._generation = storage.generation

    def read(self, name: str) -> bytes | None:
        """The whole file, or None."""
        inode = self._storage.find(_DISK + name)
        return None if inode is None else bytes(inode.data)

    def create(self, name: str, data: bytes) -> None:
        """A new file, durable on return."""
        self._alive()
        storage, path = self._storage, _DISK + name
        if storage.find(path) is not None:
            raise StoreError("store.disk", f"{name} is there already")
        try:
            if storage.atomic_create:
                storage.make_whole(path, data)
            else:
                inode = storage.make(path)
                storage.write(inode, 0, data)
                storage.sync(inode)
            storage.sync_directory(path)
        except OSError as error:
            raise StoreError("store.disk", f"creating {name}: {error.strerror}") from error

    def overwrite(self, name: str, offset: int, data: bytes) -> None:
        """Bytes in place; refuses to go beyond the end, for that is not what the port is for."""
        inode = self._existing(name)
        if offset < 0 or offset + len(data) > len(inode.data):
            raise ValueError(f"outside the {len(inode.data)} bytes of {name}")
        try:
            self._storage.write(inode, offset, data)
        except OSError as error:
            raise StoreError("store.disk", f"writing {name}: {error.strerror}") from error

    def sync(self, name: str) -> None:
        """Make the file durable."""
        try:
            self._storage.sync(self._existing(name))
        except OSError as error:
            raise StoreError("store.disk", f"syncing {name}: {error.strerror}") from error

    def _existing(self, name: str) -> Inode:
        self._alive()
        inode = self._storage.find(_DISK + name)
        if inode is None:
            raise StoreError("store.disk", f"there is no {name}")
        return inode

    def _alive(self) -> None:
        if self._generation != self._storage.generation:
            raise StoreError("store.disk", "the process that used this disk was killed")


class _MemoryFile:
    """One file that SQLite has open."""

    def __init__(self, storage: MemoryDisk, path: str | None, inode: Inode, flags: int) -> None:
        self._storage = storage
        self._path = path  # None: a temporary file, which no cut brings back
        self._inode = inode
        self._generation = storage.generation
        self._names_too = bool(flags & apsw.SQLITE_OPEN_CREATE and flags & _NEW_JOURNAL)

    @property
    def _unseen(self) -> bool:
        return self._path is None or self._generation != self._storage.generation

    def xRead(self, amount: int, offset: int) -> bytes:
        return bytes(self._inode.data[offset : offset + amount])

    def xWrite(self, data: Any, offset: int) -> None:
        if self._unseen:
            put(self._inode.data, offset, data)
            return
        with _AsSQLite():
            self._storage.write(self._inode, offset, bytes(data))

    def xTruncate(self, size: int) -> None:
        if self._unseen:
            Resize(-1, size).apply(self._inode.data)
            return
        with _AsSQLite():
            self._storage.resize(self._inode, size)

    def xSync(self, flags: int) -> None:  # noqa: ARG002 - SQLite's signature
        if self._unseen or self._path is None:
            return
        with _AsSQLite():
            self._storage.sync(self._inode)
            if self._names_too:
                self._storage.sync_directory(self._path)
                self._names_too = False

    def xFileSize(self) -> int:
        return len(self._inode.data)

    def xLock(self, level: int) -> None:
        highest = max((held for who, held in self._inode.locks.items() if who != id(self)), default=0)
        refused_from = {apsw.SQLITE_LOCK_SHARED: apsw.SQLITE_LOCK_PENDING, apsw.SQLITE_LOCK_RESERVED: level}
        if highest >= refused_from.get(level, apsw.SQLITE_LOCK_SHARED):
            raise apsw.BusyError("locked by another connection")
        self._inode.locks[id(self)] = level

    def xUnlock(self, level: int) -> None:
        self._inode.locks[id(self)] = level

    def xCheckReservedLock(self) -> bool:
        return any(held >= apsw.SQLITE_LOCK_RESERVED for held in self._inode.locks.values())

    def xFileControl(self, op: int, ptr: int) -> bool:  # noqa: ARG002 - SQLite's signature
        return False

    def xSectorSize(self) -> int:
        return PAGE

    def xDeviceCharacteristics(self) -> int:
        return apsw.SQLITE_IOCAP_POWERSAFE_OVERWRITE

    def xClose(self) -> None:
        self._inode.locks.pop(id(self), None)


class _MemoryVFS(apsw.VFS):
    """The door through which SQLite comes to a storage."""

    def __init__(self, storage: MemoryDisk) -> None:
        self._storage = weakref.ref(storage)  # a cycle would keep thousands of restored disks until the collector comes
        self._generation = storage.generation
        self.registered_name = f"tocsin-powercut-{id(self):x}"  # unique among those that live
        super().__init__(self.registered_name, base="")

    def xOpen(self, name: Any, flags: list[int]) -> Any:
        storage = self._reach()
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        flags[1] = flags[0]
        if path is None or self._ghost(storage):
            return _MemoryFile(storage, None, Inode(-1), flags[0])
        inode = storage.find(path)
        if inode is None:
            if not flags[0] & apsw.SQLITE_OPEN_CREATE:
                raise apsw.CantOpenError(f"there is no {path}")
            with _AsSQLite():
                inode = storage.make(path)
        return _MemoryFile(storage, path, inode, flags[0])

    def xDelete(self, filename: str, syncdir: bool) -> None:
        storage = self._reach()
        if self._ghost(storage):
            return
        if storage.find(filename) is None:
            raise apsw.exception_for(apsw.SQLITE_IOERR_DELETE_NOENT)
        with _AsSQLite():
            storage.remove(filename)
            if syncdir:
                storage.sync_directory(filename)

    def xAccess(self, pathname: str, flags: int) -> bool:  # noqa: ARG002 - SQLite's signature
        return self._reach().find(pathname) is not None

    def xFullPathname(self, name: str) -> str:
        return name if name.startswith("/") else "/" + name

    def xSleep(self, microseconds: int) -> int:
        return microseconds

    def xCurrentTimeInt64(self) -> int:
        return _JULIAN_MS

    def _reach(self) -> MemoryDisk:
        storage = self._storage()
        if storage is None:
            raise apsw.CantOpenError("the disk in memory is gone; keep its Recorder or Crash")
        return storage

    def _ghost(self, storage: MemoryDisk) -> bool:
        return self._generation != storage.generation


class _AsSQLite:
    """Errors of the disk as SQLite knows them."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError):
            known = apsw.FullError if error.errno == errno.ENOSPC else apsw.IOError
            raise known(str(error.strerror)) from error


def _raise(fault: Fault | None, *, full_counts: bool = True) -> None:
    if fault is Fault.FULL and full_counts:
        raise OSError(errno.ENOSPC, "no space left (planned)")
    if fault is not None:
        raise OSError(errno.EIO, "input/output error (planned)")


def put(to: bytearray, offset: int, data: bytes) -> None:
    """Bytes at an offset; a hole before them reads as zeros."""
    if offset > len(to):
        to.extend(bytes(offset - len(to)))
    to[offset : offset + len(data)] = data


def directory(path: str) -> str:
    """The directory a path is in."""
    return path.rpartition("/")[0]
