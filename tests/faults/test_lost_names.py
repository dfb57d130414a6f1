"""Power cuts under the small files of a real node: the code that makes, links and renames them, name by name.

Every call to the system is done for real and, beside it, on the disk that can lose power, where a name that was not
synced with its folder may be lost whatever happened to the bytes.
"""

import asyncio
import os

from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.backends.system.disk import SystemDisk
from tocsin.node import backup
from tocsin.ports.checkpoints import Held
from tocsin.testing.powercut import Recorder

SLOT = bytes(range(32))


class Shadow:
    """Does what os is asked to do in one folder on a Recorder too."""

    def __init__(self, folder, files=()):
        self.folder = str(folder)
        self.recorder = Recorder({f"/disk/{name}": data for name, data in dict(files).items()})
        self._open = {}  # descriptor -> name, None for the folder itself
        self._at = {}
        for name, data in dict(files).items():
            (folder / name).write_bytes(data)

    def patch(self, monkeypatch):
        for call in ("open", "close", "write", "pwrite", "fsync", "fdatasync", "link", "rename", "unlink"):
            monkeypatch.setattr(os, call, self._both(call, getattr(os, call)))
        return self

    def _both(self, call, real):
        shadow = {"open": self._opened}.get(call) or getattr(self, "_" + call)

        def both(*args, **more):
            result = real(*args, **more)
            shadow(result, *args)
            return result

        return both

    def _name(self, path):
        path = os.fspath(path)
        return "/disk/" + path.removeprefix(self.folder + "/") if str(path).startswith(self.folder + "/") else None

    def _opened(self, handle, path, flags=0, *_):
        if os.fspath(path) == self.folder:
            self._open[handle] = None
        elif name := self._name(path):
            if flags & os.O_CREAT:
                self.recorder.make(name)
            self._open[handle], self._at[handle] = self.recorder.find(name), 0

    def _close(self, _, handle):
        self._open.pop(handle, None)

    def _write(self, count, handle, data):
        if handle in self._open:
            self.recorder.write(self._open[handle], self._at[handle], bytes(data[:count]))
            self._at[handle] += count

    def _pwrite(self, count, handle, data, offset):
        if handle in self._open:
            self.recorder.write(self._open[handle], offset, bytes(data[:count]))

    def _fsync(self, _, handle):
        if handle in self._open:
            inode = self._open[handle]
            self.recorder.sync_directory("/disk/x") if inode is None else self.recorder.sync(inode)

    _fdatasync = _fsync

    def _link(self, _, old, new):
        if self._name(new):
            self.recorder.link(self._name(old), self._name(new))

    def _rename(self, _, old, new):
        if self._name(new):
            self.recorder.rename(self._name(old), self._name(new))

    def _unlink(self, _, path, **more):
        if self._name(path):
            self.recorder.remove(self._name(path))

    def images(self, points):
        """(events, files by name) of the cuts."""
        for crash in self.recorder.images(points, seed=3):
            yield crash.events, {path.removeprefix("/disk/"): data for path, data in crash.files.items()}


def head(size):
    return Held(size, bytes([size]) * 32)


def test_a_checkpoint_file_is_never_behind_what_was_promised(tmp_path, monkeypatch):
    live, other = tmp_path / "live", tmp_path / "other"
    live.mkdir()
    other.mkdir()
    with monkeypatch.context() as patching:
        shadow = Shadow(live).patch(patching)
        store = CheckpointFiles(SystemDisk(live), threaded=False)

        async def grow():
            held = None
            for size in range(8):
                await store.replace(SLOT, held, head(size))
                held = head(size)
                shadow.recorder.event(size)

        asyncio.run(grow())
    points = 0
    for number, (events, files) in enumerate(shadow.images(400)):
        points += 1
        folder = other / str(number)
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        again = CheckpointFiles(SystemDisk(folder), threaded=False)
        held = asyncio.run(again.load(SLOT))
        assert (held.size if held else -1) >= max(events, default=-1), (number, sorted(files))
        asyncio.run(again.replace(SLOT, held, head(9)))  # whatever lies about, it goes on
        assert asyncio.run(again.load(SLOT)) == head(9)
    assert points > 100


def test_a_restored_store_never_meets_the_old_write_ahead_log(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    kept = home / "kept.sqlite"
    old, new = {"store.sqlite": b"old", "store.sqlite-wal": b"old log"}, {"fresh.sqlite": b"new"}
    with monkeypatch.context() as patching:
        shadow = Shadow(home, old | new).patch(patching)
        backup._swap(home / "store.sqlite", home / "fresh.sqlite", kept)
        shadow.recorder.event("swapped")
    images = list(shadow.images(400))
    assert len(images) > 10
    for events, files in images:
        if files.get("store.sqlite") == b"new":
            assert "store.sqlite-wal" not in files
        if events:
            assert files == {"store.sqlite": b"new", "kept.sqlite": b"old", "kept.sqlite-wal": b"old log"}
        assert sorted(files.values()) == [b"new", b"old", b"old log"], "whatever is cut, nothing is lost"
