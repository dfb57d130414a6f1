"""Power cuts: the disks that a cut at any point of the work may leave.

A `Recorder` is a memorydisk.MemoryDisk that the test also tells, with `recorder.event(...)`, what left the node (a
receipt, an acknowledgement). `recorder.images()` then cuts the power at points of the list. What a cut leaves:

- what a sync covered stays; of what was written since, any 512-byte sectors, in any file, may have arrived;
- a name made, moved or removed counts only once its directory was synced; until then each change alone may have
  arrived, a move in one step;
- after a failed sync the sectors it should have covered are never written by a later one, unless written again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tocsin.testing.chance import SeededEntropy
from tocsin.testing.memorydisk import (
    PAGE,
    Event,
    Fault,
    MemoryDisk,
    Named,
    Op,
    RecordedDisk,
    Renamed,
    Resize,
    SyncDirectory,
    Synced,
    Write,
    directory,
    put,
)

__all__ = ("Crash", "Fault", "RecordedDisk", "Recorder")

_SECTOR = 512
_Change = Write | Resize


class Recorder(MemoryDisk):
    """The disk of one node, with its power switch."""

    def images(self, points: int = 1000, seed: int | bytes = 0) -> "Iterator[Crash]":
        """At most `points` cuts, spread evenly: at each, nothing, everything and random parts of what was not synced.

        When the list is short each point gets more random parts; a point with nothing unsynced gives one cut only.
        """
        ops = self._list()
        cuts = [at for at, op in enumerate(ops) if not isinstance(op, Event)] + [len(ops)]
        each = max(4, points // len(cuts))
        count = max(1, min(len(cuts), points // each))
        chosen = [cuts[i * len(cuts) // count + (len(cuts) // count) // 2] for i in range(count)]
        entropy = SeededEntropy(seed)
        replay, done = _Replay(self.origin), 0
        events = [op.what for op in ops if isinstance(op, Event)]
        for at in chosen:
            for op in ops[done:at]:
                replay.step(op)
            done = at
            for state in replay.states(each):
                yield Crash(at, state, events[: replay.events], replay.image(state, entropy))

    def cut(self, entropy: SeededEntropy, state: str = "part") -> "Crash":
        """The power goes now. The old process may go on writing here; it no longer matters (see kill())."""
        ops = self._list()
        replay = _Replay(self.origin)
        for op in ops:
            replay.step(op)
        return Crash(len(ops), state, [op.what for op in ops if isinstance(op, Event)], replay.image(state, entropy))

    def _list(self) -> list[Op]:
        if self.recorded is None:
            raise RuntimeError("this recorder was made with record=False")
        return self.recorded


@dataclass(slots=True)
class Crash:
    """One disk that a cut may leave. `events` are those that had left the node before it."""

    at: int  # how many steps of the list, events included, came before the cut
    state: str  # "none", "all" or "part" of what was not synced
    events: list[Any]
    files: dict[str, bytes]  # small files are under /disk/
    recorder: Recorder | None = None  # of the restored disk, to cut or fault it again

    def restore(self, *, record: bool = False, atomic_create: bool = False) -> tuple[str, RecordedDisk]:
        """A fresh disk with these files, to start on: (vfs name, small files). It lives as long as this object."""
        self.recorder = Recorder(self.files, record=record, atomic_create=atomic_create)
        return self.recorder.vfs_name, self.recorder.disk


class _Replay:
    """What is durable, and what is not yet, at one point of the list."""

    def __init__(self, origin: dict[str, bytes]) -> None:
        self.events = 0
        self._names: dict[str, int] = {path: number for number, path in enumerate(origin)}
        self._moves: list[Named | Renamed] = []
        self._durable = {number: bytearray(data) for number, data in enumerate(origin.values())}
        self._unsynced: dict[int, list[tuple[_Change, bool]]] = {}  # True: a failed sync gave it up

    def step(self, op: Op) -> None:
        """Go one step on."""
        match op:
            case Write() | Resize():
                self._unsynced.setdefault(op.inode, []).append((op, False))
            case Synced(inode, failed):
                self._sync(inode, failed)
            case Named() | Renamed():
                self._moves.append(op)
            case SyncDirectory(where):
                self._sync_names(where)
            case Event():
                self.events += 1

    def states(self, each: int) -> list[str]:
        """Which images are worth making here: one when nothing is in doubt."""
        doubt = self._moves or self._unsynced
        return ["none", "all"] + ["part"] * (each - 2) if doubt else ["none"]

    def image(self, state: str, entropy: SeededEntropy) -> dict[str, bytes]:
        """The files after a cut here."""
        names = dict(self._names)
        for move in self._arrived_moves(state, entropy):
            _move(names, move)
        return {path: self._contents(inode, state, entropy) for path, inode in names.items()}

    def _sync_names(self, where: str) -> None:
        for move in self._moves:
            if directory(move.path) == where:
                gone = self._names.get(move.path, -1)
                _move(self._names, move)
                if gone not in self._names.values():
                    self._unsynced.pop(gone, None)
        self._moves = [move for move in self._moves if directory(move.path) != where]

    def _sync(self, inode: int, failed: bool) -> None:
        unsynced = self._unsynced.pop(inode, [])
        if failed:
            self._unsynced[inode] = [(op, isinstance(op, Write)) for op, _ in unsynced]
            return
        durable = self._durable.setdefault(inode, bytearray())
        pages = {page for op, given_up in unsynced if not given_up for page in _pages(op)}
        still: list[tuple[_Change, bool]] = []
        for op, given_up in unsynced:
            if given_up and pages.isdisjoint(_pages(op)):
                still.append((op, True))
            else:  # a page that was written again goes out whole
                op.apply(durable)
        if still:
            self._unsynced[inode] = still

    def _arrived_moves(self, state: str, entropy: SeededEntropy) -> list[Named | Renamed]:
        if state != "part":
            return self._moves if state == "all" else []
        return [move for move in self._moves if entropy.below(2)]

    def _contents(self, inode: int, state: str, entropy: SeededEntropy) -> bytes:
        unsynced = self._unsynced.get(inode)
        data = self._durable.get(inode, b"")
        if state == "none" or not unsynced:
            return bytes(data)
        image = bytearray(data)
        whole = state == "all" or entropy.below(4) == 0  # now and then one file has it all
        for op, _ in unsynced:
            if whole:
                op.apply(image)
            elif isinstance(op, Write):
                _tear(op, image, entropy)
            elif entropy.below(2):
                op.apply(image)
        return bytes(image)


def _tear(write: Write, image: bytearray, entropy: SeededEntropy) -> None:
    """A third of the writes are lost, a third arrive, of the rest any sectors do."""
    fate = entropy.below(3)
    if fate == 0:
        return
    if fate == 1:
        write.apply(image)
        return
    begin = write.offset
    end = begin + len(write.data)
    while begin < end:
        border = min(end, (begin // _SECTOR + 1) * _SECTOR)
        if entropy.below(2):
            put(image, begin, write.data[begin - write.offset : border - write.offset])
        begin = border


def _pages(op: _Change) -> range:
    """The pages of the kernel's cache that a write touches; a change of length is not in the cache."""
    if isinstance(op, Resize):
        return range(0)
    return range(op.offset // PAGE, (op.offset + len(op.data) - 1) // PAGE + 1)


def _move(names: dict[str, int], move: Named | Renamed) -> None:
    if isinstance(move, Renamed):
        names.pop(move.old, None)
    if move.inode is None:
        names.pop(move.path, None)
    else:
        names[move.path] = move.inode
