"""The warninglists of the package pymispwarninglists, compiled once for a user and mapped into memory from then on.

Compiling takes seconds and much memory, so it happens in a process of its own: `python -m` this module FILE.
"""

import asyncio
import fcntl
import importlib.util
import mmap
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from tocsin.errors import ConfigError, FormatError
from tocsin.exchange.match import chosen
from tocsin.formats import denylist
from tocsin.formats.denylist import Lists, Source

PACKAGE: Final = "pymispwarninglists"
_FOLDER: Final = ("data", "misp-warninglists", "lists")
_PATIENCE_S: Final = 120.0


class WarningLists:
    """ports.denylists. `fallback`: the folder for the compiled lists where the user's cache cannot be used."""

    def __init__(self, fallback: Path) -> None:
        self._fallback = fallback

    async def load(self) -> Lists:
        """See ports.denylists."""
        file = place(self._fallback)
        with suppress(FormatError, OSError):
            return await asyncio.to_thread(_open, file)
        await _compile_apart(file)
        return await asyncio.to_thread(read, file)


def place(fallback: Path) -> Path:
    """Where the compiled lists of the installed package are, or will be. Raises ConfigError("config.denylists")."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tocsin"
    with suppress(OSError):
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = cache if _is_ours(cache) else fallback
    return folder / f"denylists-{_mark()}.bin"


def _is_ours(folder: Path) -> bool:
    # What others may write into could tell us that nothing is listed.
    try:
        found = folder.stat()
    except OSError:
        return False
    return found.st_uid == os.getuid() and not found.st_mode & 0o022 and os.access(folder, os.W_OK)


def _mark() -> str:
    """Changes with every change of the lists, of the choice among them and of the compiled form."""
    told = [repr(denylist.MAGIC), sys.byteorder, repr(sorted(chosen.filtered().items()))]
    for name, file in sorted(files().items()):
        found = file.stat()
        told.append(f"{name} {found.st_size} {found.st_mtime_ns}")
    return sha256("\n".join(told).encode()).hexdigest()[:16]


def files() -> Mapping[str, Path]:
    """The chosen lists' files, by list. Raises ConfigError("config.denylists")."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError("config.denylists", f"the package {PACKAGE} is not installed")
    folder = Path(spec.origin).parent.joinpath(*_FOLDER)
    found = {name: folder / name / "list.json" for name in chosen.CHOSEN}
    there = {name: file for name, file in found.items() if file.is_file()}
    # Another version may lack a list or two; one that lacks what matters most is not the package we know.
    missing = sorted({"public-dns-v4", "rfc1918", "empty-hashes", "tranco"} - there.keys())
    if missing:
        raise ConfigError("config.denylists", f"the package {PACKAGE} lacks the list {missing[0]}")
    return there


def read(file: Path) -> Lists:
    """Compiled lists, mapped. Raises ConfigError("config.denylists")."""
    try:
        return _open(file)
    except (OSError, FormatError) as error:
        raise ConfigError("config.denylists", f"the compiled warninglists in {file} are damaged") from error


def _open(file: Path) -> Lists:
    with file.open("rb") as opened:
        return Lists(memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)))


async def _compile_apart(file: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tocsin.backends.system.warninglists", str(file), stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(_PATIENCE_S):
            _, told = await process.communicate()
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    if process.returncode:
        lines = told.decode(errors="replace").strip().splitlines()
        raise ConfigError("config.denylists", lines[-1] if lines else "the warninglists could not be compiled")


def compile_to(file: Path) -> None:
    """Compile the installed lists, unless somebody else just did. Raises ConfigError("config.denylists")."""
    try:
        _compile_to(file)
    except OSError as error:
        raise ConfigError("config.denylists", f"the compiled warninglists cannot be kept in {file.parent}") from error


def _compile_to(file: Path) -> None:
    with (file.parent / "denylists.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with suppress(OSError, FormatError):
            _open(file)
            return
        sources = {name: _read(name, path) for name, path in files().items()}
        try:
            data = denylist.compile_lists(sources, chosen.filtered())
        except FormatError as error:
            raise ConfigError("config.denylists", error.what) from error
        fresh = file.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.chmod(0o600)
        fresh.replace(file)
        for old in file.parent.glob("denylists-*.bin"):
            if old != file:
                old.unlink(missing_ok=True)  # whoever has it mapped keeps it


def _read(name: str, path: Path) -> Source:
    try:
        return denylist.read_source(path.read_bytes())
    except (OSError, FormatError) as error:
        raise ConfigError("config.denylists", f"the list {name} of the package {PACKAGE} cannot be read") from error


if __name__ == "__main__":
    try:
        # Without a file: what the next node of this user will look for, so that its first start need not wait.
        compile_to(Path(sys.argv[1]) if len(sys.argv) > 1 else place(Path(gettempdir())))
    except ConfigError as error:
        sys.stderr.write(error.what + "\n")
        sys.exit(1)
