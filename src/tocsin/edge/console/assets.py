"""The files that a page brings along: ours, and those of others whose hashes are checked before any is given out."""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tocsin.errors import ConfigError
from tocsin.formats import strictjson

FOLDER: Final = Path(__file__).parent / "static"
_KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".png": "image/png",
        ".svg": "image/svg+xml",
    }
)
NEEDED: Final = ("htmx.min.js", "hx-sse.min.js", "world.json")
FONTS: Final = ("DejaVuSansCondensed.ttf", "DejaVuSansCondensed-Bold.ttf")  # of the brief: plain, and bold


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in memory. `version` is part of its address, so that browsers may keep it for ever."""

    media_type: str
    body: bytes
    packed: bytes
    version: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All of them by name. `faults` says which of the others' files are missing or changed: none of those is given out."""

    files: Mapping[str, Asset]
    faults: tuple[str, ...]
    world: bytes  # the map, as drawn at build time; empty when there is none

    @property
    def has_htmx(self) -> bool:
        """Whether the console has its JavaScript."""
        return "htmx.min.js" in self.files

    def address(self, name: str) -> str:
        """Where a page finds a file."""
        return f"/static/{name}?v={self.files[name].version}"


def load(folder: Path = FOLDER) -> Assets:
    """Read them all, once."""
    files = {
        one.name: _asset(one.suffix, one.read_bytes()) for one in sorted(folder.glob("*.*")) if one.suffix in _KINDS
    }
    found, faults = _third_party(folder / "third-party")
    files |= {name: _asset(Path(name).suffix, data) for name, data in found.items() if Path(name).suffix in _KINDS}
    return Assets(MappingProxyType(files), faults, found.get("world.json", b""))


def faults(folder: Path = FOLDER) -> tuple[str, ...]:
    """Which files of others are missing or not the ones that were put there."""
    return _third_party(folder / "third-party")[1]


def fonts(folder: Path = FOLDER) -> tuple[str, str]:
    """Where the two fonts of the brief are, plain and bold, checked anew. Raises ConfigError("config.brief-font")."""
    third = folder / "third-party"
    missing = _third_party(third, FONTS)[1]
    if missing:
        raise ConfigError("config.brief-font", f"missing or changed: {', '.join(missing)}")
    return str(third / FONTS[0]), str(third / FONTS[1])


def _third_party(folder: Path, wanted: tuple[str, ...] = NEEDED) -> tuple[dict[str, bytes], tuple[str, ...]]:
    try:
        hashes = strictjson.parse((folder / "hashes.json").read_bytes())
    except OSError:
        return {}, wanted
    good = {}
    for name in wanted:
        path = folder / name
        data = path.read_bytes() if path.is_file() else b""
        if data and sha256(data).hexdigest() == hashes.get(name):
            good[name] = data
    return good, tuple(one for one in wanted if one not in good)


def _asset(suffix: str, data: bytes) -> Asset:
    return Asset(_KINDS[suffix], data, gzip.compress(data, 9, mtime=0), sha256(data).hexdigest()[:12])
