"""The file of a backup: one tar with nothing optional in it.

A header is a function of its member's name and size, gaps are zeros, names come from a fixed list in a fixed order. So
every changed byte is found, and no member can be a link, a path, a sparse file or larger than the file it stands in.
"""

import tarfile
from collections.abc import Iterable, Iterator
from typing import IO, Final

from tocsin.errors import VerificationError
from tocsin.formats.keys import Role

MANIFEST: Final = "manifest.json"
SEAL: Final = "manifest.sha256"
SETTINGS: Final = "tocsin.toml"
DESCRIPTOR: Final = "descriptor.note"
KEYS: Final = (*(f"keys/{role.value}.key" for role in Role), "keys/transport.crt")
STORE: Final = "store.sqlite"
NAMES: Final = (MANIFEST, SEAL, SETTINGS, DESCRIPTOR, *KEYS, STORE)
MAX_MANIFEST: Final = 64 << 20  # some 200 bytes for each log
_MAX_SMALL: Final = 1 << 20

_BLOCK: Final = tarfile.BLOCKSIZE
_RECORD: Final = tarfile.RECORDSIZE
_ZEROS: Final = bytes(_BLOCK)
_CHUNK: Final = 1 << 20


def write(out: IO[bytes], members: Iterable[tuple[str, int, IO[bytes]]]) -> None:
    """A whole archive of (name, size, content), in the order of NAMES. Raises OSError."""
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT, encoding="ascii", errors="strict") as tar:
        for name, size, content in members:
            tar.addfile(_info(name, size), content)


def read(file: IO[bytes]) -> Iterator[tuple[str, int, Iterator[bytes]]]:
    """Each member as (name, size, pieces); take all pieces before the next. Raises VerificationError("backup.format")."""
    ahead = iter(NAMES)
    total = 0
    while (block := _take(file, _BLOCK)) != _ZEROS:
        name, size = _member(block)
        if name not in ahead:  # what is skipped is gone from the iterator: neither twice nor out of order
            raise _wrong(f"the member {name!r} does not belong there")
        if name != STORE and size > (MAX_MANIFEST if name == MANIFEST else _MAX_SMALL):
            raise _wrong(f"the member {name!r} is larger than any such file")
        yield name, size, _pieces(file, size)
        total += _BLOCK + size + _gap(size)
    _end(file, total + _BLOCK)


def _info(name: str, size: int) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.mode = size, 0o600
    return made


def _member(block: bytes) -> tuple[str, int]:
    try:
        told = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        same = _info(told.name, told.size).tobuf(tarfile.GNU_FORMAT, "ascii", "strict") == block
    except (tarfile.HeaderError, ValueError) as error:
        raise _wrong("a header is damaged, or this is no backup") from error
    if not same:
        raise _wrong(f"the header of {told.name!r} is not as a backup has it")
    return told.name, told.size


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    left = size
    while left:
        piece = _take(file, min(left, _CHUNK))
        left -= len(piece)
        yield piece
    if any(_take(file, _gap(size))):
        raise _wrong("there is something between two members")


def _gap(size: int) -> int:
    return -size % _BLOCK


def _end(file: IO[bytes], total: int) -> None:
    # Two blocks of zeros, then zeros up to a whole record, as tar has it.
    left = _BLOCK + -(total + _BLOCK) % _RECORD
    if any(_take(file, left)) or file.read(1):
        raise _wrong("there is something behind the last member")


def _take(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise _wrong("the file ends too early")
    return data


def _wrong(what: str) -> VerificationError:
    return VerificationError("backup.format", what)
