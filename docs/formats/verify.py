"""Verify exported logs and evidence files without Tocsin: `python docs/formats/verify.py [--charter F] FILE...`.

Written from the pages in this folder alone (evidence.md, export.md, entry.md, merkle.md, note.md, statement.md). It
shares no code with the program and needs verify_charter.py, which lies beside it, and PyNaCl only. Exit code 0 if every
file proves what it says, else 1.

Of a log: the origin committed to these entries in this order, and signed each checkpoint; each member signed its receipt;
all under the keys in the charter that the file carries, of which each version is in force by the one before. Whether that
charter is yours only you can say: give --charter, or compare the digests.
"""

import argparse
import base64
import hmac
import json
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from verify_charter import (
    HANDLE,
    LARGEST_STATEMENT,
    SHAPES,
    Chain,
    Note,
    Refused,
    Statement,
    b64,
    is_signed,
    json_object,
    key_id,
    public_key,
    refuse,
    require,
    text_of,
    trusted,
    whole,
)

LARGEST_LINE, LARGEST_EVIDENCE, LARGEST_SIZE = 16 << 20, 8 << 20, (1 << 63) - 1
COSIGNATURE = 4

DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")
DIGEST = re.compile(r"[0-9a-f]{64}")
NO_VOTE = "the accused had no vote there: whoever joins may sign two texts"


# -- checkpoints -----------------------------------------------------------------------------------------------


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
    """One exported log, fed line by line. `mine` is the charter that the auditor trusts."""

    def __init__(self, head: dict[str, Any], mine: Chain) -> None:
        require(
            head.keys() == {"charter", "format", "log", "origin", "size", "slot"}, "not the head of an exported log"
        )
        self.origin, self.name, slot, newest = (text_of(head, one) for one in ("origin", "log", "slot", "charter"))
        require(DIGEST.fullmatch(slot), "the slot is not 32 bytes in hexadecimal")
        require(self.name == f"tocsin/{self.origin}/log/{slot}", "the log is not named after its origin and slot")
        self.slot, self.size = bytes.fromhex(slot), whole(head, "size")
        self.mine, self.chain = mine, Chain()
        self.tree = Tree()
        self.roots: dict[int, bytes] = {}
        self.settled = 0  # how far the origin's log key of today has signed
        self.receipts: dict[str, int] = {}
        self.erased = 0
        if head["format"] == "tocsin-log/v1":  # the one version of the charter stands in the head
            self.newest = sha256(Note(newest.encode(), LARGEST_STATEMENT).text).hexdigest()
            self.charter(newest.encode())
        else:
            require(head["format"] == "tocsin-log/v2" and DIGEST.fullmatch(newest), "not an exported log of v1 or v2")
            self.newest = newest

    def line(self, body: dict[str, Any]) -> None:
        """One line after the head."""
        if body.keys() == {"charter"}:
            self.charter(text_of(body, "charter").encode())
            return
        require(self.chain.digest == self.newest, "the charter is not complete up to the version that the head names")
        if body.keys() == {"checkpoint"}:
            self.checkpoint(Note(text_of(body, "checkpoint").encode()))
        elif body.keys() == {"receipt"} and isinstance(body["receipt"], dict):
            self.receipt(body["receipt"])
        else:
            self.entry(body)

    def charter(self, data: bytes) -> None:
        """The next version of the charter; after the last of them it is known whose keys these are."""
        require(self.chain.digest != self.newest, "a version of the charter stands in the wrong place")
        self.chain.add(data)
        if self.chain.digest == self.newest:
            self.rules = self.mine.joined(self.chain)
            self.keys = self.rules.keys(self.origin, "log")

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
        by = [key for key in self.keys if signed.signed_by(self.name, key)]
        require(by, f"{where} is not signed by {self.origin}")
        self.roots[found.size] = found.root
        if self.keys[0] in by:
            self.settled = found.size

    def receipt(self, body: dict[str, Any]) -> None:
        """A member's cosignature over a checkpoint of this log."""
        require(body.keys() == {"blob", "key_id", "member", "size"}, "not a receipt")
        member, size, blob = text_of(body, "member"), whole(body, "size"), b64(body["blob"], 72)
        what = f"the receipt of {member}"
        require(member > max(self.receipts, default="") and member != self.origin, f"{what} stands in the wrong place")
        require(size in self.roots, f"{what} is for a size without a checkpoint")
        name, by = f"tocsin/{member}/receipt", b64(body["key_id"], 4)
        keys = [key for key in self.rules.keys(member, "receipt") if key_id(name, COSIGNATURE, key) == by]
        require(keys, f"{what} is not under its key")
        (seconds,) = struct.unpack(">Q", blob[:8])
        root = base64.b64encode(self.roots[size]).decode()
        message = f"cosignature/v1\ntime {seconds}\n{self.name}\n{size}\n{root}\n".encode()
        right = seconds <= LARGEST_SIZE and any(is_signed(message, blob[8:], key) for key in keys)
        require(right, f"{what} is not signed by it")
        self.receipts[member] = size

    def verdict(self) -> dict[str, Any]:
        """What the whole file proves."""
        complete = self.tree.size == self.size == max(self.roots, default=0)
        require(complete and self.chain.digest == self.newest, "charter, entries or checkpoint are missing at the end")
        late = f"beyond {self.settled} entries the log is signed by a key that {self.origin} has replaced"
        require(self.settled == self.size, late)
        by = " ".join(self.receipts) or "nobody"
        says = f"{self.origin} signed these {self.size} entries ({self.erased} erased); receipted by {by}"
        told = {"kind": "log", "says": says, "log": self.name, "entries": self.size, "erased": self.erased}
        told |= {"checkpoints": len(self.roots), "root": self.tree.root().hex(), "receipts": self.receipts}
        return {**told, "charter": self.newest, "charter_version": len(self.chain.versions)}


def exported(file: BinaryIO, charter: Chain) -> dict[str, Any]:
    """The verdict on an exported log."""
    log: Log | None = None
    for at, line in enumerate(iter(lambda: file.readline(LARGEST_LINE), b""), 1):
        try:
            require(line.endswith(b"\n"), "too long, or cut")
            body = json_object(line[:-1])
            if log is None:
                log = Log(body, charter)
            else:
                log.line(body)
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


def had_vote(signed: Statement, accused: str, key: bytes, charter: Chain) -> bool:
    """Whether the accused voted there with this key: who only joins consents, to as many texts as it likes."""
    if signed.kind == "tocsin/channel/v1":
        return accused in list(signed.body.get("voters", []))
    before = [one for one in charter.versions if one.digest == signed.body["previous"] and accused in one.active]
    return any(one.keys[accused]["governance"] == key for one in before)


Judge = Callable[[Checkpoint, Checkpoint, list[bytes]], str]
JUDGES: dict[str, Judge] = {"fork": forked, "history": rewritten, "rollback": rolled_back}


def evidence(data: bytes, charter: Chain) -> dict[str, Any]:
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
    versions = charter.naming(accused, role, key)
    require(versions or not charter.versions, f"not a {role} key of {accused} in the charter")
    path = [b64(one, 32) for one in body["proof"]]
    require(not path or kind == "history", "a proof where none belongs")
    raw = [one.encode("utf-8") for one in notes]
    if kind == "vote":
        first, second = (Statement(one) for one in raw)
        signed = [first.note, second.note]
        require(name == f"tocsin/{accused}/governance", "the name is not that of the accused's governance key")
        require(place(first) == place(second), "not two statements for one place")
        require(first.note.text < second.note.text, "one text twice, or in the wrong order")
        require(not versions or all(had_vote(one, accused, key, charter) for one in (first, second)), NO_VOTE)
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
    told |= {"id": sha256(data).hexdigest(), "key_in_charter": bool(versions), "key_versions": versions}
    return {**told, "key_in_force": bool(versions) and charter.keys(accused, role)[0] == key}


# -- the command ------------------------------------------------------------------------------------------------


def verify(path: Path, charter: Chain | None = None) -> dict[str, Any]:
    """What a file proves: `ok`, and `kind` and `says`, or `why` not. Without a charter that of a log is told only."""
    charter = charter or Chain()
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
        under = f"version {found['charter_version']} of the charter, {found['charter']}"
        yield f"         log {found['log']}, root {found['root']}, under {under}"
    else:
        named = f"named in version {' '.join(map(str, found['key_versions']))} of the charter"
        named += "" if found["key_in_force"] else " and REPLACED since: whoever held it then may have signed"
        whose = named if found["key_in_charter"] else "NOT compared with any charter"
        yield f"         evidence {found['id']}: key {found['key']} of {found['name']}, {whose}"


def main() -> int:
    """Verify every file named on the command line."""
    parser = argparse.ArgumentParser(description="Verify exported logs and evidence files of Tocsin.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    known = "the charter you trust: version 1, a folder of all versions, or each of them in order (repeat the option)"
    parser.add_argument("--charter", type=Path, action="append", default=[], metavar="PATH", help=known)
    parser.add_argument("--json", action="store_true", help="one JSON object per file and line")
    chosen = parser.parse_args()
    try:
        charter = trusted(chosen.charter) if chosen.charter else None
    except (Refused, *SHAPES) as why:
        print(f"REFUSED  {' '.join(map(str, chosen.charter))}: {why}", file=sys.stderr)
        return 1
    verdicts = [verify(path, charter) for path in chosen.files]
    for found in verdicts:
        print(json.dumps(found) if chosen.json else "\n".join(tell(found)))
    return 0 if all(found["ok"] for found in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
