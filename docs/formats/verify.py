"""Verify exported logs and evidence files without Tocsin: `python docs/formats/verify.py [--charter F] FILE...`.

Written from the pages in this folder alone (evidence.md, export.md, entry.md, merkle.md, note.md, statement.md). It
shares no code with the program and needs PyNaCl only. Exit code 0 if every file proves what it says, else 1.

Of a log: the origin committed to these entries in this order, and signed each checkpoint; each member signed its receipt;
all under the keys in the charter that the file carries, signed by all its members. Whether that charter is yours only you
can say: give --charter, or compare the digest.
"""

import argparse
import base64
import hmac
import json
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from nacl import bindings
from nacl.exceptions import CryptoError

LARGEST_LINE, LARGEST_EVIDENCE, LARGEST_STATEMENT, LARGEST_NOTE = 16 << 20, 8 << 20, 4 << 20, 1 << 20
LARGEST_INTEGER, LARGEST_SIZE = (1 << 53) - 1, (1 << 63) - 1
SIGNATURE, COSIGNATURE = 1, 4

HANDLE = re.compile(r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]")
DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
NAME = re.compile(r"[^\s+\x00-\x1f]+")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
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


# -- keys and notes ---------------------------------------------------------------------------------------------


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


class Checkpoint:
    """What the text of a checkpoint says; `beat` is None for a plain one and for lines of other kinds."""

    def __init__(self, text: bytes) -> None:
        lines = text.decode("utf-8").split("\n")
        require(len(lines) >= 4 and not lines.pop() and all(lines), "not a checkpoint")
        self.origin, size, root, *self.more = lines
        require(DECIMAL.fullmatch(size) and int(size) <= LARGEST_SIZE, "not the size of a checkpoint")
        self.size, self.root, self.text = int(size), b64(root, 32), text
        line = self.more[0].removeprefix("beat ") if len(self.more) == 1 else ""
        is_beat = self.more == [f"beat {line}"] and DECIMAL.fullmatch(line) and int(line) <= LARGEST_SIZE
        self.beat = int(line) if is_beat else None


class Statement:
    """A signed statement."""

    def __init__(self, data: bytes) -> None:
        self.note = Note(data, LARGEST_STATEMENT)
        kind, _, rest = self.note.text.partition(b"\n")
        require(rest.endswith(b"\n") and rest.count(b"\n") == 1, "not a statement of two lines")
        self.kind, self.body = kind.decode("utf-8"), json_object(rest[:-1])


class Charter:
    """The keys of a founding charter that every member in it has signed."""

    def __init__(self, data: bytes) -> None:
        signed = Statement(data)
        require(signed.kind == "tocsin/charter/v1", "not a charter")
        require(whole(signed.body, "version") == 1 and signed.body.get("previous") == "", "not version 1 of a charter")
        self.digest = sha256(signed.note.text).hexdigest()
        self.keys: dict[str, dict[str, bytes]] = {}
        for one in signed.body["members"]:
            handle = text_of(one, "handle")
            require(HANDLE.fullmatch(handle) and handle > max(self.keys, default=""), "members are not sorted handles")
            keys = {role: public_key(b64(one["keys"][role])) for role in ("governance", "log", "receipt")}
            require(len(set(keys.values())) == 3, f"{handle} has one key for two roles")
            name = f"tocsin/{handle}/governance"
            require(signed.note.signed_by(name, keys["governance"]), f"{handle} has not signed the charter")
            self.keys[handle] = keys
        require(len(self.keys) >= 2, "a charter has two members at least")

    def key(self, handle: str, role: str) -> bytes:
        """A member's key."""
        require(handle in self.keys, f"no member {handle} in the charter")
        return self.keys[handle][role]


# -- trees ------------------------------------------------------------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    """An inner node."""
    return sha256(b"\1" + left + right).digest()


class Tree:
    """A growing tree: the perfect subtrees it falls into, as (leaves, root), largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.parts: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Append one leaf, given as its bytes."""
        part = (1, sha256(b"\0" + leaf).digest())
        while self.parts and self.parts[-1][0] == part[0]:
            part = (2 * part[0], node(self.parts.pop()[1], part[1]))
        self.parts.append(part)
        self.size += 1

    def root(self) -> bytes:
        """The root over all leaves."""
        result = b""
        for _, part in reversed(self.parts):
            result = node(part, result) if result else part
        return result or sha256().digest()


def both_roots(old: int, new: int, path: Iterator[bytes]) -> tuple[bytes, bytes]:
    """The roots at both sizes, as RFC 6962, section 2.1.2, builds its proofs: from where they part, upwards."""
    if old == new:
        start = next(path, b"")
        return start, start
    half = 1 << ((new - 1).bit_length() - 1)
    if old <= half:
        before, after = both_roots(old, half, path)
        return before, node(after, next(path, b""))
    before, after = both_roots(old - half, new - half, path)
    left = next(path, b"")
    return node(left, before), node(left, after)


# -- exported logs ----------------------------------------------------------------------------------------------


class Log:
    """One exported log, fed line by line."""

    def __init__(self, head: dict[str, Any]) -> None:
        wanted = {"charter", "format", "log", "origin", "size", "slot"}
        require(head.keys() == wanted and head["format"] == "tocsin-log/v1", "not the head of an exported log")
        self.charter = Charter(text_of(head, "charter").encode())
        self.origin, self.name, slot = (text_of(head, one) for one in ("origin", "log", "slot"))
        require(re.fullmatch("[0-9a-f]{64}", slot), "the slot is not 32 bytes in hexadecimal")
        require(self.name == f"tocsin/{self.origin}/log/{slot}", "the log is not named after its origin and slot")
        self.key = self.charter.key(self.origin, "log")
        self.slot, self.size = bytes.fromhex(slot), whole(head, "size")
        self.tree = Tree()
        self.roots: dict[int, bytes] = {}
        self.receipts: dict[str, int] = {}
        self.erased = 0

    def line(self, body: dict[str, Any]) -> None:
        """One line after the head."""
        if body.keys() == {"checkpoint"}:
            self.checkpoint(Note(text_of(body, "checkpoint").encode()))
        elif body.keys() == {"receipt"} and isinstance(body["receipt"], dict):
            self.receipt(body["receipt"])
        else:
            self.entry(body)

    def entry(self, body: dict[str, Any]) -> None:
        """One entry: its commitment is computed, or taken if the content is erased."""
        require(whole(body, "seq") == self.tree.size, f"entry {self.tree.size} is not the next one")
        if body.keys() == {"commitment", "seq"}:
            self.erased += 1
            self.tree.add(b64(body["commitment"], 32))
            return
        require(body.keys() == {"content", "header", "salt", "seq"}, "not an entry")
        header, salt = b64(body["header"], 27), b64(body["salt"], 32)
        version, kind, marking, seq, sent, keep = struct.unpack(">BBBQQQ", header)
        known = (version, kind) == (1, 1) and marking <= 4 and max(sent, keep) <= LARGEST_SIZE
        require(
            known and seq == self.tree.size, f"the header of entry {self.tree.size} is not one, or of another entry"
        )
        digest = sha256(header + text_of(body, "content").encode("utf-8")).digest()
        self.tree.add(hmac.digest(salt, b"tocsin/entry/v1" + self.slot + digest, "sha256"))

    def checkpoint(self, signed: Note) -> None:
        """What the origin signed at this size."""
        found = Checkpoint(signed.text)
        where = f"the checkpoint at {self.tree.size}"
        require(not self.receipts and self.tree.size > max(self.roots, default=0), f"{where} stands in the wrong place")
        require(found.origin == self.name and not found.more, f"{where} is not one of this log")
        require(found.size == self.tree.size and found.root == self.tree.root(), f"{where} does not cover the entries")
        require(signed.signed_by(self.name, self.key), f"{where} is not signed by {self.origin}")
        self.roots[found.size] = found.root

    def receipt(self, body: dict[str, Any]) -> None:
        """A member's cosignature over a checkpoint of this log."""
        require(body.keys() == {"blob", "key_id", "member", "size"}, "not a receipt")
        member, size, blob = text_of(body, "member"), whole(body, "size"), b64(body["blob"], 72)
        what = f"the receipt of {member}"
        require(member > max(self.receipts, default="") and member != self.origin, f"{what} stands in the wrong place")
        require(size in self.roots, f"{what} is for a size without a checkpoint")
        name, key = f"tocsin/{member}/receipt", self.charter.key(member, "receipt")
        require(b64(body["key_id"], 4) == key_id(name, COSIGNATURE, key), f"{what} is not under its key")
        (seconds,) = struct.unpack(">Q", blob[:8])
        root = base64.b64encode(self.roots[size]).decode()
        message = f"cosignature/v1\ntime {seconds}\n{self.name}\n{size}\n{root}\n".encode()
        right = seconds <= LARGEST_SIZE and is_signed(message, blob[8:], key)
        require(right, f"{what} is not signed by it")
        self.receipts[member] = size

    def verdict(self) -> dict[str, Any]:
        """What the whole file proves."""
        complete = self.tree.size == self.size == max(self.roots, default=0)
        require(complete, "entries or the last checkpoint are missing at the end")
        by = " ".join(self.receipts) or "nobody"
        says = f"{self.origin} signed these {self.size} entries ({self.erased} erased); receipted by {by}"
        told = {"kind": "log", "says": says, "log": self.name, "entries": self.size, "erased": self.erased}
        told |= {"checkpoints": len(self.roots), "root": self.tree.root().hex(), "receipts": self.receipts}
        return {**told, "charter": self.charter.digest}


def exported(file: BinaryIO, charter: Charter | None) -> dict[str, Any]:
    """The verdict on an exported log."""
    log: Log | None = None
    for at, line in enumerate(iter(lambda: file.readline(LARGEST_LINE), b""), 1):
        try:
            require(line.endswith(b"\n"), "too long, or cut")
            body = json_object(line[:-1])
            if log is not None:
                log.line(body)
                continue
            log = Log(body)
            require(charter is None or charter.digest == log.charter.digest, "it carries another charter")
        except Refused as why:
            refuse(f"line {at}: {why}")
    return log.verdict() if log is not None else refuse("an empty file")


# -- evidence ---------------------------------------------------------------------------------------------------


def forked(one: Checkpoint, two: Checkpoint, _path: list[bytes]) -> str:
    """Two roots at one size."""
    require(one.size == two.size and one.root != two.root and one.text < two.text, "not two roots at one size")
    return f"signed two roots of one log at {one.size} entries"


def rewritten(one: Checkpoint, two: Checkpoint, path: list[bytes]) -> str:
    """The larger tree began otherwise."""
    require(one.size < two.size and len(path) <= 64, "the first size is not the smaller one")
    if one.size == 0:
        require(not path, "a proof for the empty log")
        before = sha256().digest()
    else:
        ahead = iter(path)
        before, after = both_roots(one.size, two.size, ahead)
        used = next(ahead, None) is None and before
        require(used and after == two.root, "the proof does not lead to the larger root")
    require(before != one.root, "the larger log goes on from the smaller one")
    return f"signed {two.size} entries that do not go on from the {one.size} it had signed"


def rolled_back(one: Checkpoint, two: Checkpoint, _path: list[bytes]) -> str:
    """The later heartbeat says less."""
    if one.beat is None or two.beat is None:
        refuse("not two heartbeats")
    if one.beat == two.beat:  # then other texts are other heads
        require(one.text < two.text, "one heartbeat twice, or in the wrong order")
        return f"signed two heads of one log with the same beat {one.beat}"
    require(one.beat < two.beat and one.size > two.size, "the later heartbeat says no less")
    return f"signed {one.size} entries at {one.beat} and only {two.size} at the later {two.beat}"


def place(signed: Statement) -> tuple[str, str, int, int]:
    """Kind, chain, version, round: where one member signs one text at most."""
    chains = {"tocsin/channel/v1": "id", "tocsin/charter/v1": "previous"}
    require(signed.kind in chains, "neither a charter nor a channel")
    chain = text_of(signed.body, chains[signed.kind])
    require(chain or signed.kind != "tocsin/charter/v1", "a founding charter stands in no chain")
    return signed.kind, chain, whole(signed.body, "version", 0), whole(signed.body, "round", 0)


Judge = Callable[[Checkpoint, Checkpoint, list[bytes]], str]
JUDGES: dict[str, Judge] = {"fork": forked, "history": rewritten, "rollback": rolled_back}


def evidence(data: bytes, charter: Charter | None) -> dict[str, Any]:
    """The verdict on an evidence file."""
    body = json_object(data)
    wanted = {"accused", "key", "kind", "name", "notes", "proof", "version"}
    require(body.keys() == wanted and whole(body, "version") == 1, "not evidence of version 1")
    kind, accused, name = (text_of(body, one) for one in ("kind", "accused", "name"))
    notes, key = body["notes"], public_key(b64(body["key"], 32))
    require((kind == "vote" or kind in JUDGES) and HANDLE.fullmatch(accused), "not a kind or a handle")
    require(
        isinstance(notes, list) and len(notes) == 2 and isinstance(body["proof"], list), "not two notes and a proof"
    )
    role = "governance" if kind == "vote" else "log"
    require(charter is None or charter.key(accused, role) == key, f"not the {role} key of {accused} in the charter")
    path = [b64(one, 32) for one in body["proof"]]
    require(not path or kind == "history", "a proof where none belongs")
    raw = [one.encode("utf-8") for one in notes]
    if kind == "vote":
        first, second = (Statement(one) for one in raw)
        signed = [first.note, second.note]
        require(name == f"tocsin/{accused}/governance", "the name is not that of the accused's governance key")
        require(place(first) == place(second), "not two statements for one place")
        require(first.note.text < second.note.text, "one text twice, or in the wrong order")
        says = f"signed two different texts for one place: {' '.join(map(str, place(first)))}"
    else:
        signed = [Note(one) for one in raw]
        one, two = (Checkpoint(each.text) for each in signed)
        require(
            re.fullmatch(f"tocsin/{accused}/log/[0-9a-f]{{64}}", name), "the name is not that of a log of the accused"
        )
        require(one.origin == two.origin == name, "the checkpoints are not of the log that the key is for")
        says = JUDGES[kind](one, two, path)
    require(all(each.signed_by(name, key) for each in signed), "a note is not signed by the key")
    told = {"kind": kind, "says": f"{accused} {says}", "accused": accused, "name": name, "key": body["key"]}
    return {**told, "id": sha256(data).hexdigest(), "key_in_charter": charter is not None}


# -- the command ------------------------------------------------------------------------------------------------


def verify(path: Path, charter: Charter | None = None) -> dict[str, Any]:
    """What a file proves: `ok`, and `kind` and `says`, or `why` not."""
    try:
        with path.open("rb") as file:
            start = file.read(LARGEST_EVIDENCE + 1)
            if b"\n" in start:
                file.seek(0)
                found = exported(file, charter)
            else:
                require(len(start) <= LARGEST_EVIDENCE, "too large for evidence")
                found = evidence(start, charter)
    except Refused as why:
        return {"file": str(path), "ok": False, "why": str(why)}
    except SHAPES as fault:
        return {"file": str(path), "ok": False, "why": f"not what it must be ({type(fault).__name__})"}
    return {"file": str(path), "ok": True, **found}


def tell(found: dict[str, Any]) -> Iterable[str]:
    """A verdict for people."""
    if not found["ok"]:
        yield f"REFUSED  {found['file']}: {found['why']}"
        return
    yield f"proven   {found['file']}: {found['says']}"
    if found["kind"] == "log":
        yield f"         log {found['log']}, root {found['root']}, under the charter {found['charter']}"
    else:
        whose = "which the charter names" if found["key_in_charter"] else "NOT compared with any charter"
        yield f"         evidence {found['id']}: key {found['key']} of {found['name']}, {whose}"


def main() -> int:
    """Verify every file named on the command line."""
    parser = argparse.ArgumentParser(description="Verify exported logs and evidence files of Tocsin.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--charter", type=Path, help="the charter you trust; without it, the one in the file is told")
    parser.add_argument("--json", action="store_true", help="one JSON object per file and line")
    chosen = parser.parse_args()
    try:
        charter = Charter(chosen.charter.read_bytes()) if chosen.charter else None
    except (Refused, *SHAPES) as why:
        print(f"REFUSED  {chosen.charter}: {why}", file=sys.stderr)
        return 1
    verdicts = [verify(path, charter) for path in chosen.files]
    for found in verdicts:
        print(json.dumps(found) if chosen.json else "\n".join(tell(found)))
    return 0 if all(found["ok"] for found in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
