"""Verify a charter, version by version, without Tocsin: `python docs/formats/verify_charter.py [--json] PATH...`.

Written from the pages in this folder alone (note.md, statement.md). It shares no code with the program and needs PyNaCl
only. verify.py, which verifies logs and evidence, takes the keys from here. Exit code 0 if every version is in force by
the one before it, else 1.

PATH: the notes of all versions from the first on, in order, or the folder that `tocsin charter history --out` wrote.

The first version is in force with the signature of every founder; each later one with the votes of the members of the one
before, and the consent of whoever it describes anew. Whether the first is yours only you can say: compare its digest.
"""

import argparse
import base64
import json
import re
import sys
from collections.abc import Iterable
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, NoReturn

from nacl import bindings
from nacl.exceptions import CryptoError

LARGEST_STATEMENT, LARGEST_NOTE, LARGEST_INTEGER = 4 << 20, 1 << 20, (1 << 53) - 1
SIGNATURE = 1

HANDLE = re.compile(r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]")
NAME = re.compile(r"[^\s+\x00-\x1f]+")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
SHARE = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
SHAPES = (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError)  # another than the pages say


class Refused(Exception):  # noqa: N818 - it is a verdict
    """The file does not prove what it says."""


def refuse(why: str) -> NoReturn:
    """End with a verdict."""
    raise Refused(why)


def require(holds: object, why: str) -> None:
    """Refuse unless it holds."""
    if not holds:
        raise Refused(why)


# -- JSON: RFC 8785, both ways ----------------------------------------------------------------------------------


def number(value: float) -> str:
    """A double as ECMAScript writes it (RFC 8785, 3.2.2.3)."""
    if value == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    point = len(text) + int(exponent)
    if len(text) <= point <= 21:
        text += "0" * (point - len(text))
    elif 0 < point <= 21:
        text = f"{text[:point]}.{text[point:]}"
    elif -6 < point <= 0:
        text = "0." + "0" * -point + text
    else:
        text = text[0] + ("." + text[1:] if len(text) > 1 else "") + f"e{point - 1:+d}"
    return ("-" if sign else "") + text


def canonical(value: Any) -> str:
    """The RFC 8785 text of a value."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(key)}:{canonical(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        require(abs(value) <= LARGEST_INTEGER, "an integer beyond 2^53-1")
    return json.dumps(value, ensure_ascii=False)


def json_object(data: bytes) -> dict[str, Any]:
    """The object whose canonical form is exactly `data`: equal keys, spaces and other spellings do not survive this."""
    value = json.JSONDecoder().decode(data.decode("utf-8"))
    require(isinstance(value, dict) and canonical(value).encode("utf-8") == data, "not one canonical JSON object")
    return dict(value)


def text_of(body: dict[str, Any], key: str) -> str:
    """A text that the object must have."""
    require(isinstance(body.get(key), str), f"{key} is not a text")
    return str(body[key])


def whole(body: dict[str, Any], key: str, absent: int | None = None) -> int:
    """A whole number that the object must have, unless it may be absent."""
    value = body.get(key, absent)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        refuse(f"{key} is no whole number")
    return value


def b64(text: object, length: int | None = None) -> bytes:
    """The bytes of a canonical base64 text."""
    require(isinstance(text, str), "base64 is not a text")
    raw = base64.b64decode(str(text), validate=True)
    require(base64.b64encode(raw).decode() == text, "base64 is not in its canonical form")
    require(length is None or len(raw) == length, f"base64 does not give {length} bytes")
    return raw


# -- keys, notes, statements ---------------------------------------------------------------------------------------------


def public_key(raw: bytes) -> bytes:
    """A key that is a canonical point of the prime-order subgroup."""
    require(len(raw) == 32 and bindings.crypto_core_ed25519_is_valid_point(raw), "not a safe Ed25519 public key")
    return raw


def is_signed(message: bytes, signature: bytes, key: bytes) -> bool:
    """Ed25519 as in note.md."""
    try:
        return len(signature) == 64 and bindings.crypto_sign_open(signature + message, key) == message
    except CryptoError:
        return False


def key_id(name: str, algorithm: int, key: bytes) -> bytes:
    """The four bytes that name a key in a signature line."""
    return sha256(name.encode() + b"\n" + bytes([algorithm]) + key).digest()[:4]


class Note:
    """A signed note: its text, and (name, key id, blob) of each signature."""

    def __init__(self, data: bytes, largest: int = LARGEST_NOTE) -> None:
        require(len(data) <= largest, "the note is too large")
        require(not CONTROL.search(data.decode("utf-8")), "a control character in a note")
        text, gap, tail = data.rpartition(b"\n\n")
        require(gap and tail.endswith(b"\n"), "not a signed note")
        self.text = text + b"\n"
        self.signatures = [self._line(line) for line in tail.decode("utf-8")[:-1].split("\n")]
        require(len(self.signatures) <= 512, "too many signatures")

    @staticmethod
    def _line(line: str) -> tuple[str, bytes, bytes]:
        dash, name, coded = (*line.split(" "), "", "", "")[:3]
        require(line == f"— {name} {coded}" and dash and NAME.fullmatch(name), "not a signature line")
        raw = b64(coded)
        require(len(raw) > 4, "a signature line without a signature")
        return name, raw[:4], raw[4:]

    def signed_by(self, name: str, key: bytes) -> bool:
        """Whether there is a signature of this key under this name, and every such signature is right."""
        wanted = (name, key_id(name, SIGNATURE, key))
        blobs = [blob for one, found, blob in self.signatures if (one, found) == wanted]
        return bool(blobs) and all(is_signed(self.text, blob, key) for blob in blobs)


class Statement:
    """A signed statement."""

    def __init__(self, data: bytes) -> None:
        self.note = Note(data, LARGEST_STATEMENT)
        kind, _, rest = self.note.text.partition(b"\n")
        require(rest.endswith(b"\n") and rest.count(b"\n") == 1, "not a statement of two lines")
        self.kind, self.body = kind.decode("utf-8"), json_object(rest[:-1])


# -- charters ---------------------------------------------------------------------------------------------------


class Version:
    """One version of a charter, as it says itself: whether it is in force only the chain tells."""

    def __init__(self, data: bytes) -> None:
        signed = Statement(data)
        require(signed.kind == "tocsin/charter/v1", "not a charter")
        body, self.note, self.digest = signed.body, signed.note, sha256(signed.note.text).hexdigest()
        self.number, self.round, self.previous = whole(body, "version"), whole(body, "round", 0), body["previous"]
        self.keys: dict[str, dict[str, bytes]] = {}
        self.bodies: dict[str, str] = {}
        for one in body["members"]:
            self._list(one)
        certificates = {one["keys"]["transport"] for one in body["members"]}
        require(len(certificates) == len(self.keys), "two members have one certificate")
        suspended = body.get("suspended", [])
        listed = suspended == sorted(set(suspended)) and self.keys.keys() >= set(suspended)
        require(listed, "the suspended are not sorted members")
        self.active = sorted(self.keys.keys() - set(suspended))
        require(len(self.active) >= 2, "a charter has two active members at least")
        share = SHARE.fullmatch(body["rules"].get("threshold", "2/3"))
        self.share = (int(share[1]), int(share[2])) if share else (0, 0)
        require(0 < self.share[0] <= self.share[1] <= 1000, "the threshold is no fraction of one")

    def _list(self, one: dict[str, Any]) -> None:
        handle = text_of(one, "handle")
        require(HANDLE.fullmatch(handle) and handle > max(self.keys, default=""), "members are not sorted handles")
        keys = {role: public_key(b64(one["keys"][role])) for role in ("governance", "log", "receipt")}
        require(len(set(keys.values())) == 3, f"{handle} has one key for two roles")
        self.keys[handle], self.bodies[handle] = keys, canonical(one)

    def signed_by(self, handles: Iterable[str], by: "Version") -> list[str]:
        """Those of the handles whose governance key, as the version `by` names it, has signed this version."""
        return [one for one in handles if self.note.signed_by(f"tocsin/{one}/governance", by.keys[one]["governance"])]


class Chain:
    """The versions of one charter from the first on, each in force by the one before."""

    def __init__(self, notes: Iterable[bytes] = ()) -> None:
        self.versions: list[Version] = []
        for one in notes:
            self.add(one)

    def add(self, data: bytes) -> Version:
        """Take the next version, or refuse it."""
        new = Version(data)
        if self.versions:
            self._follows(self.versions[-1], new)
        else:
            require(new.number == 1 and new.previous == "", f"version {new.number} needs the versions before it")
            for one in sorted(new.keys.keys() - set(new.signed_by(new.keys, new))):
                refuse(f"{one} has not signed version 1 of the charter")
        self.versions.append(new)
        return new

    @staticmethod
    def _follows(now: Version, new: Version) -> None:
        what = f"version {new.number} of the charter"
        follows = new.number == now.number + 1 and new.previous == now.digest
        require(follows, f"{what} does not follow version {now.number}")
        votes = len(new.signed_by(now.active, now))
        needed = max(-(-len(now.active) * now.share[0] // now.share[1]), len(now.active) // 2 + 1)
        require(votes >= needed, f"{what} has {votes} of {needed} votes")
        described = [handle for handle, body in new.bodies.items() if now.bodies.get(handle) != body]
        for one in sorted(set(described) - set(new.signed_by(described, new))):
            refuse(f"{what} describes {one} anew without its signature")

    @property
    def digest(self) -> str:
        """The name of the newest version."""
        return self.versions[-1].digest if self.versions else ""

    def keys(self, handle: str, role: str) -> list[bytes]:
        """Every key that a member had by this charter, that of today first."""
        found = [one.keys[handle][role] for one in reversed(self.versions) if handle in one.keys]
        require(found, f"no member {handle} in the charter")
        return list(dict.fromkeys(found))

    def naming(self, handle: str, role: str, key: bytes) -> list[int]:
        """The versions that give a member this key."""
        return [one.number for one in self.versions if one.keys.get(handle, {}).get(role) == key]

    def joined(self, other: "Chain") -> "Chain":
        """The longer of two chains, of which one must go on from the other."""
        for mine, theirs in zip(self.versions, other.versions, strict=False):
            require(mine.digest == theirs.digest, f"version {mine.number} of the charter is another than yours")
        return max(self, other, key=lambda one: len(one.versions))


def trusted(paths: Iterable[Path]) -> Chain:
    """The charter in these files or folders."""
    named = [sorted(one.glob("charter-*.note")) if one.is_dir() else [one] for one in paths]
    found = Chain(one.read_bytes() for each in named for one in each)
    require(found.versions, "no charter there")
    return found


# -- the command ------------------------------------------------------------------------------------------------


def tell(chain: Chain) -> Iterable[dict[str, Any]]:
    """What is to be known of each version: by whose signatures it is in force, and whose keys it names."""
    before = chain.versions[0]
    for one in chain.versions:
        by = one.signed_by(before.active if one is not before else one.keys, before)
        keys = {handle: {role: key.hex() for role, key in keys.items()} for handle, keys in one.keys.items()}
        yield {"version": one.number, "digest": one.digest, "by": by, "active": one.active, "keys": keys}
        before = one


def main() -> int:
    """Verify the charter named on the command line."""
    parser = argparse.ArgumentParser(description="Verify a charter of Tocsin, version by version.")
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="notes in order, or a folder with them")
    parser.add_argument("--json", action="store_true", help="one JSON object per version and line, with all keys")
    chosen = parser.parse_args()
    try:
        chain = trusted(chosen.paths)
    except Refused as why:
        print(f"REFUSED  {why}", file=sys.stderr)
        return 1
    except SHAPES as fault:
        print(f"REFUSED  not what it must be ({type(fault).__name__})", file=sys.stderr)
        return 1
    for found in tell(chain):
        line = f"version {found['version']}  {found['digest']}  signed by {' '.join(found['by'])}"
        print(json.dumps(found) if chosen.json else f"{line}\n  active: {' '.join(found['active'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
