"""The stand-alone verifier and the chain of charters: a true one gives its keys, old and new, and no attack on it does."""

import asyncio
import importlib
import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest

from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.errors import FormatError, PolicyError
from tocsin.exchange.members import charter, descriptor
from tocsin.exchange.members.charter import Changes
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import canonical, checkpoint, evidence, note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.node import export
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Federation, Node
from tocsin.testing.virtualtime import VirtualClock, run

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "formats"
if str(FOLDER) not in sys.path:
    sys.path.append(str(FOLDER))
verifier = importlib.import_module("verify")
charters = importlib.import_module("verify_charter")


def tool(number, **more):
    value = {"type": "tool", "spec_version": "2.1", "id": f"tool--{UUID(int=number, version=4)}", "name": f"{number}"}
    return json.dumps(value | more | dict.fromkeys(("created", "modified"), "2026-01-01T00:00:00.000Z")).encode()


class Town:
    """aa, bb and cc found; dd is admitted; cc is expelled; aa has a new log key, bb a new receipt key; exports of each."""

    def __init__(self, fed):
        self.fed = fed
        self.made = 0
        self.exports = {}

    async def share(self, *handles):
        for handle in handles:
            self.made += 1
            await self.fed.share(handle, "plenary", [tool(self.made)], Tlp.GREEN)
        await self.fed.settled()

    async def decide(self, changes, by, consent=()):
        """The first of `by` proposes, the others agree."""
        fed, first = self.fed, self.fed.core(by[0])
        proposed = await first.acts.propose_charter(changes)
        signed = proposed.signed
        for node in consent:
            signed = descriptor.sign(signed, node.handle, node.keys)
        for voter in by[1:]:
            core = fed.core(voter)
            if core.members.charter.version < proposed.version:
                await core.acts.sign_charter(signed)
        await fed.until(lambda: all(self.version(one) == proposed.version for one in fed.nodes.values() if one.core))

    @staticmethod
    def version(node):
        return node.running.members.charter.version

    async def admit(self, handle):
        fed = self.fed
        node = Node(handle, fed.entropy.fork(handle), VirtualClock(fed.loop))
        await self.decide(Changes(describe=(node.describe(),)), ["aa", "bb", "cc"], [node])
        core = node.open()
        await core.load()
        await core.members.adopt(*(statement.encode(one.signed) for one in fed.core("aa").members.history))
        await core.load()
        await core.start(fed.network.port(handle))
        fed.nodes[handle] = node
        await fed.linked()

    async def rotate(self, handle, role, other):
        node = self.fed.nodes[handle]
        node.keys.stage(role)
        await self.decide(Changes(describe=(node.describe(),)), [handle, other])
        await self.fed.until(lambda: not node.keys.staged(role))
        await self.fed.linked()
        await self.fed.settled()

    async def export(self, name, **which):
        for holder in ("aa", "bb"):
            node = self.fed.nodes[holder]
            core, signer = node.running, Signer(holder, node.keys, CheckpointFiles(node.storage.disk, threaded=False))
            sight = await export.look(
                core.members, core.logs, signer, node.database, export.Wanted("plenary", "aa", **which)
            )
            lines = await node.database.read(lambda db, sight=sight: list(export.lines(db, sight)))
            self.exports[f"{name} by {holder}"] = lines


@pytest.fixture(scope="module")
def town():
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 21)
        await fed.found()
        made = Town(fed)
        await made.share("aa", "bb")
        await made.export("founded")
        await made.admit("dd")
        await made.share("aa")
        await made.export("admitted")
        await made.decide(Changes(expel=frozenset({"cc"})), ["aa", "bb", "dd"])
        await fed.crash("cc")
        del fed.nodes["cc"]
        cc = Node("cc", fed.entropy.fork("cc again"), VirtualClock(fed.loop))
        await made.share("aa", "aa", "aa")
        await made.export("expelled")
        old = fed.nodes["aa"].keys.signing(Role.LOG)
        await made.rotate("aa", Role.LOG, "bb")
        await made.export("rotated")
        await made.share("aa", "aa")
        await made.rotate("bb", Role.RECEIPT, "aa")
        await made.export("both")
        await fed.core("aa").say(
            fed.core("aa").members.channel("plenary"),
            [tool(99, object_marking_refs=[marking_id(Tlp.GREEN)])],
            urgent=True,
        )
        await fed.settled()
        await made.export("first", generation=1)
        await made.export("urgent", urgent=True)
        history = fed.core("bb").members.history
        keys = {handle: node.keys for handle, node in fed.nodes.items()}
        await fed.stop()
        notes = [statement.encode(one.signed) for one in history]
        return SimpleNamespace(history=history, notes=notes, exports=made.exports, keys=keys, old=old, stranger=cc)

    return run(main, limit_s=3600.0)


@pytest.fixture
def judged(tmp_path):
    def judge(lines, *notes):
        path = tmp_path / "file"
        path.write_bytes(lines if isinstance(lines, bytes) else b"".join(lines))
        return verifier.verify(path, charters.Chain(notes) if notes else None)

    return judge


def under(lines, notes):
    """The export with another chain of charters, and a head that names its last."""
    digest = sha256(notes[-1].rpartition(b"\n\n")[0] + b"\n").hexdigest()
    head = canonical.encode({**json.loads(lines[0]), "charter": digest}) + b"\n"
    told = [canonical.encode({"charter": one.decode()}) + b"\n" for one in notes]
    return [head, *told, *(one for one in lines[1:] if not one.startswith(b'{"charter"'))]


def of_version_1(lines):
    """The export as it was written before there were later charters."""
    (only,) = [json.loads(one)["charter"] for one in lines if one.startswith(b'{"charter":"tocsin/')]
    head = {**json.loads(lines[0]), "charter": only, "format": "tocsin-log/v1"}
    return [canonical.encode(head) + b"\n", *lines[2:]]


# -- what is true ---------------------------------------------------------------------------------------------------


def test_exports_after_every_change_are_proven(town, judged):
    versions = {"founded": 1, "admitted": 2, "expelled": 3, "rotated": 4, "both": 5, "first": 5, "urgent": 5}
    for name, lines in town.exports.items():
        version = versions[name.partition(" ")[0]]
        for mine in ((), town.notes[:1], town.notes[:version]):
            told = judged(lines, *mine)
            assert told["ok"], (name, told)
            assert (told["charter_version"], told["charter"]) == (version, town.history[version - 1].digest.hex())
    assert judged(town.exports["both by aa"])["receipts"] == {"bb": 5, "dd": 5}
    assert [judged(town.exports[f"{one} by bb"])["entries"] for one in ("first", "urgent", "both")] == [1, 1, 5]


def test_a_reader_holds_checkpoints_by_the_former_key_and_they_count(town, judged):
    lines = town.exports["both by bb"]
    signed = [note.parse(json.loads(one)["checkpoint"].encode()) for one in lines if one.startswith(b'{"checkpoint"')]
    name, now = json.loads(lines[0])["log"], town.history[-1].members["aa"].keys[Role.LOG]
    assert {note.verified(one, name, key) for one in signed for key in (now,)} == {True, False}
    assert all(note.verified(one, name, now) or note.verified(one, name, town.old.public) for one in signed)
    assert judged(lines)["ok"]


def test_exports_of_before_there_were_later_charters_are_proven(town, judged):
    for name in ("founded by aa", "founded by bb"):
        old = of_version_1(town.exports[name])
        assert judged(old)["ok"], judged(old)
        assert judged(old, *town.notes[:3])["ok"]  # aa's log key of then was not replaced before version 4
        assert "has replaced" in judged(old, *town.notes[:4])["why"]
        assert judged(old)["root"] == judged(town.exports[name])["root"]
        assert not judged([old[0], town.exports[name][1], *old[1:]])["ok"]
    head, *rest = of_version_1(town.exports["founded by aa"])
    later = {**json.loads(head), "charter": town.notes[1].decode()}
    assert "needs the versions before it" in judged([canonical.encode(later) + b"\n", *rest])["why"]


# -- keys that were replaced ----------------------------------------------------------------------------------------


def resigned(lines, at, key):
    """The export whose last or first checkpoint is signed by another key."""
    places = [number for number, one in enumerate(lines) if one.startswith(b'{"checkpoint"')]
    signed = note.parse(json.loads(lines[places[at]])["checkpoint"].encode())
    name = checkpoint.parse(signed.text).origin
    made = note.encode(note.Note(signed.text, (note.sign(signed.text, name, key),)))
    out = [*lines]
    out[places[at]] = canonical.encode({"checkpoint": made.decode()}) + b"\n"
    return out


def test_what_only_a_replaced_log_key_has_signed_counts_for_nothing(town, judged):
    lines = town.exports["both by aa"]
    assert judged(resigned(lines, 0, town.old))["ok"]  # a later one by the key of today covers it
    thief = judged(resigned(lines, -1, town.old))
    assert not thief["ok"]
    assert "beyond 4 entries the log is signed by a key that aa has replaced" in thief["why"]
    stranger = town.stranger.keys.signing(Role.LOG)
    assert "not signed by aa" in judged(resigned(lines, 0, stranger))["why"]


def test_a_thief_does_not_leave_out_the_charter_that_replaced_its_key(town, judged):
    cut = under(resigned(town.exports["expelled by aa"], -1, town.old), town.notes[:3])
    assert judged(cut)["ok"]  # as far as this file can tell
    assert judged(cut, town.notes[0])["charter_version"] == 3
    assert "has replaced" in judged(cut, *town.notes[:4])["why"]
    newest = town.exports["both by aa"]
    assert not judged(under(newest, town.notes[:3]))["ok"]
    assert "not complete" in judged([newest[0], *newest[1:5], *newest[6:]])["why"]  # the head names the one left out
    assert not judged(newest[:5])["ok"]


def test_receipts_by_a_key_that_no_charter_named_are_refused(town, judged):
    lines = town.exports["both by aa"]
    assert not judged(under(lines, [*town.notes[:1]]))["ok"]
    receipt = next(one for one in lines if one.startswith(b'{"receipt"') and b'"dd"' in one)
    told = json.loads(receipt)
    told["receipt"]["member"] = "ee"
    assert "no member ee" in judged([*lines, canonical.encode(told) + b"\n"])["why"]


# -- attacks on the chain -------------------------------------------------------------------------------------------


class Forger:
    """Makes next versions of any kind. Everybody of the town of three may sign, and so may a stranger."""

    def __init__(self):
        self.handles = ("aa", "bb", "cc", "dd", "ee")
        seeds = SeededEntropy(5)
        self.nodes = {one: Node(one, seeds.fork(one), None) for one in (*self.handles, "xx")}
        made = charter.found("x", [self.nodes[one].describe() for one in self.handles], Tlp.GREEN, 1)
        self.first = charter.of(self.sign(made, self.handles))

    def sign(self, signed, by):
        for handle in by:
            signed = descriptor.sign(signed, handle, self.nodes[handle].keys)
        return signed

    def next(self, by, current=None, changed=None, **changes):
        """A next version: of a changed name if nothing else is said. `changed`: of its text, by hand."""
        changes = changes or {"name": "renamed"}
        made = charter.successor(current or self.first, Changes(**changes), 0, 9)
        if changed:
            made = statement.compose(statement.CHARTER, {**made.body, **changed})
        return charter.of(self.sign(made, by))

    def describe(self, handle, **other):
        return {**self.nodes[handle].describe(), **other}


FORGER = Forger()
FOUR = ("aa", "bb", "cc", "dd")  # of five, at 2/3
SECOND = FORGER.next(FOUR)
THIRD = FORGER.next(FOUR, SECOND, name="third")
OTHER = FORGER.next(("bb", "cc", "dd", "ee"), name="another second")
NEW = FORGER.describe("xx")
ADMITTED = FORGER.next((*FOUR, "xx"), describe=(NEW,))
EXPELLED = FORGER.next(FOUR, expel=frozenset({"ee"}))
SUSPENDED = FORGER.next(FOUR, suspend=frozenset({"dd", "ee"}))
LOWERED = FORGER.next(FOUR, rules={"threshold": "1/2"})
RENAMED = FORGER.describe("ee", name="another name")


def mixed(one, other):
    """The text of one with the signatures of another."""
    return charter.of(one.signed._replace(note=note.Note(one.signed.note.text, other.signed.note.signatures)))


TRUE = {
    "by the threshold": (FORGER.first, SECOND, THIRD),
    "the other history": (FORGER.first, OTHER),
    "admitted with consent": (FORGER.first, ADMITTED),
    "who was admitted votes": (FORGER.first, ADMITTED, FORGER.next(("aa", "bb", "cc", "xx"), ADMITTED)),
    "after an expulsion three of four": (FORGER.first, EXPELLED, FORGER.next(FOUR[:3], EXPELLED)),
    "after two were suspended two of three": (FORGER.first, SUSPENDED, FORGER.next(("aa", "bb"), SUSPENDED)),
    "under a lower threshold": (FORGER.first, LOWERED, FORGER.next(("aa", "bb", "cc"), LOWERED)),
    "described anew with consent": (FORGER.first, FORGER.next(("aa", "bb", "cc", "ee"), describe=(RENAMED,))),
}
FALSE = {
    "a version is skipped": (FORGER.first, THIRD),
    "the first is missing": (SECOND, THIRD),
    "in another order": (FORGER.first, THIRD, SECOND),
    "backwards": (THIRD, SECOND, FORGER.first),
    "twice": (FORGER.first, SECOND, SECOND),
    "the first again": (FORGER.first, SECOND, FORGER.first),
    "another hash": (FORGER.first, FORGER.next(FORGER.handles, changed={"previous": "00" * 32})),
    "another number": (FORGER.first, FORGER.next(FORGER.handles, changed={"version": 3})),
    "a version of another history": (FORGER.first, OTHER, THIRD),
    "two histories": (FORGER.first, SECOND, OTHER),
    "one vote less": (FORGER.first, FORGER.next(FOUR[:3])),
    "signed by a stranger": (FORGER.first, FORGER.next(("xx",))),
    "one vote less and a stranger": (FORGER.first, FORGER.next((*FOUR[:3], "xx"))),
    "one vote less and who is admitted": (FORGER.first, FORGER.next((*FOUR[:3], "xx"), describe=(NEW,))),
    "the votes for another": (FORGER.first, mixed(SECOND, OTHER)),
    "judged by its own threshold": (FORGER.first, FORGER.next(FOUR[:3], rules={"threshold": "1/2"})),
    "half is not enough": (FORGER.first, SUSPENDED, FORGER.next(("aa",), SUSPENDED)),
    "the expelled vote": (FORGER.first, EXPELLED, FORGER.next(("aa", "bb", "ee"), EXPELLED)),
    "the suspended vote": (FORGER.first, SUSPENDED, FORGER.next(("aa", "dd", "ee"), SUSPENDED)),
    "admitted without consent": (FORGER.first, FORGER.next(FOUR, describe=(NEW,))),
    "described anew without consent": (FORGER.first, FORGER.next(FOUR, describe=(RENAMED,))),
    "given a word that nobody reads yet": (
        FORGER.first,
        FORGER.next(FOUR, describe=(FORGER.describe("ee", unheard="x"),)),
    ),
    "a founder has not signed": (charter.of(FORGER.sign(statement.compose(statement.CHARTER, FORGER.first.signed.body), FOUR)),),
}  # fmt: skip


def encoded(versions):
    return [statement.encode(one.signed) for one in versions]


@pytest.mark.parametrize("name", TRUE)
def test_a_true_chain(name):
    assert charters.Chain(encoded(TRUE[name])).digest == charter.chain(encoded(TRUE[name]))[-1].digest.hex()


@pytest.mark.parametrize("name", FALSE)
def test_a_false_chain(name):
    with pytest.raises(charters.Refused):
        charters.Chain(encoded(FALSE[name]))
    with pytest.raises(PolicyError):  # the program says the same
        charter.chain(encoded(FALSE[name]))


@pytest.mark.parametrize(
    "rules", [{"threshold": one} for one in ("0/3", "4/3", "2/1001", "02/3", "2/3 ", "2", "", "1/0", "-1/3", 1, None)]
)
def test_a_threshold_that_is_none(rules):
    body = {**SECOND.signed.body, "rules": {**SECOND.signed.body["rules"], **rules}}
    data = statement.encode(FORGER.sign(statement.compose(statement.CHARTER, body), FORGER.handles))
    for read in (charters.Version, charter.read):
        with pytest.raises((charters.Refused, FormatError, TypeError)):
            read(data)


@pytest.mark.parametrize(
    "changed",
    [
        {"members": []},
        {"members": [FORGER.describe(one) for one in ("bb", "aa")]},
        {"members": [FORGER.describe("aa"), FORGER.describe("aa")]},
        {"members": [FORGER.describe("aa"), {**FORGER.describe("bb"), "keys": FORGER.describe("aa")["keys"]}]},
        {"suspended": ["bb", "aa"]},
        {"suspended": ["xx"]},
        {"suspended": ["aa", "bb", "cc", "dd"]},
        {"round": -1},
        {"version": "2"},
    ],
)
def test_a_version_that_is_none(changed):
    data = statement.encode(
        FORGER.sign(statement.compose(statement.CHARTER, {**SECOND.signed.body, **changed}), FORGER.handles)
    )
    for read in (charters.Version, charter.read):
        with pytest.raises((charters.Refused, FormatError)):
            read(data)


def test_an_export_is_refused_with_its_charters(town, judged):
    lines = town.exports["both by aa"]
    assert judged(under(lines, town.notes))["ok"]
    one, two, three, four, five = town.notes
    alone = five.rpartition(b"\n\n")[0] + b"\n\n" + five.rpartition(b"\n\n")[2].splitlines(keepends=True)[0]
    for notes, why in (
        ([one, three, four, five], "does not follow version 1"),
        ([two, three, four, five], "needs the versions before it"),
        ([one, three, two, four, five], "does not follow version 1"),
        ([five], "needs the versions before it"),
        ([one, two, three, four, alone], "has 1 of 2 votes"),
        ([one, two, three, four, *encoded([SECOND])], "does not follow version 4"),
        ([*encoded([FORGER.first]), two, three, four, five], "does not follow version 1"),
    ):
        assert why in judged(under(lines, notes))["why"]


def test_another_history_than_the_auditors_is_refused(town, judged):
    lines = town.exports["both by aa"]
    mine = encoded([FORGER.first])
    assert "version 1 of the charter is another than yours" in judged(lines, *mine)["why"]
    # A second version 2 with all votes: somebody has voted twice, and the auditor has seen the other one.
    first, keys = town.history[0], town.keys
    made = charter.successor(first, Changes(name="usurped"), 0, 9)
    for handle in ("aa", "bb"):
        made = descriptor.sign(made, handle, keys[handle])
    other = [town.notes[0], statement.encode(made)]
    assert len(charters.Chain(other).versions) == 2
    assert "version 2 of the charter is another than yours" in judged(lines, *other)["why"]
    for more in (under(town.exports["founded by bb"], other), under(town.exports["founded by aa"], other)):
        assert judged(more)["ok"]
        assert "version 2 of the charter is another than yours" in judged(more, *town.notes)["why"]


# -- evidence -------------------------------------------------------------------------------------------------------


def test_evidence_under_a_former_key_names_its_versions(town, judged):
    name = json.loads(town.exports["both by aa"][0])["log"]
    for key, versions, in_force in (
        (town.old, [1, 2, 3], False),
        (town.keys["aa"].signing(Role.LOG), [4, 5], True),
    ):
        texts = [checkpoint.encode(checkpoint.Checkpoint(name, 3, bytes([one]) * 32)) for one in (1, 2)]
        notes = [note.Note(text, (note.sign(text, name, key),)) for text in texts]
        data = evidence.encode(evidence.fork_of(name, key.public, *notes))
        told = judged(data, *town.notes)
        assert (told["key_in_charter"], told["key_versions"], told["key_in_force"]) == (True, versions, in_force)
        assert ("REPLACED" in "".join(verifier.tell(told))) != in_force
        assert judged(data)["key_versions"] == []
        assert judged(data, *town.notes[:3])["ok"] != in_force


def test_only_who_had_a_vote_has_voted_twice(town, judged):
    def told(handle, keys, previous, version):
        bodies = [{"version": version, "previous": previous.digest.hex(), "name": one} for one in ("a", "b")]
        made = [statement.compose(statement.CHARTER, one) for one in bodies]
        key = keys.signing(Role.GOVERNANCE)
        name = key_name(handle, Role.GOVERNANCE)
        notes = [note.add(one.note, note.sign(one.note.text, name, key)) for one in made]
        return judged(evidence.encode(evidence.vote_of(handle, key.public, *notes)), *town.notes)

    bb, dd = town.keys["bb"], town.keys["dd"]
    assert told("bb", bb, town.history[0], 2)["ok"]
    assert told("dd", dd, town.history[1], 3)["ok"]
    assert told("dd", dd, town.history[0], 2)["why"] == verifier.NO_VOTE  # it was the one to join
    assert told("bb", bb, SECOND, 3)["why"] == verifier.NO_VOTE


def test_in_a_channel_only_voters_vote(town, judged):
    def told(voters):
        body = {"id": "x", "version": 2, "round": 0, "voters": voters}
        made = [statement.compose(statement.CHANNEL, {**body, "title": one}) for one in ("a", "b")]
        key = town.keys["bb"].signing(Role.GOVERNANCE)
        notes = [note.add(one.note, note.sign(one.note.text, "tocsin/bb/governance", key)) for one in made]
        return judged(evidence.encode(evidence.vote_of("bb", key.public, *notes)), *town.notes)

    assert told(["aa", "bb"])["ok"]
    for voters in (["aa"], [], "bb", {"aa": "bb"}):
        assert not told(voters)["ok"]


# -- the command ----------------------------------------------------------------------------------------------------


def called(name, *words):
    done = subprocess.run(
        [sys.executable, "-E", "-s", FOLDER / name, *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_commands(town, tmp_path):
    history, file = tmp_path / "history", tmp_path / "file"
    history.mkdir()
    named = [history / f"charter-{number:04}.note" for number in range(1, 6)]
    for path, data in zip(named, town.notes, strict=True):
        path.write_bytes(data)
    (history / "proposal-00.note").write_bytes(b"not decided")
    file.write_bytes(b"".join(town.exports["both by bb"]))
    for words in ([history], named):
        status, out, _ = called("verify_charter.py", "--json", *words)
        told = [json.loads(one) for one in out.splitlines()]
        assert (status, [one["digest"] for one in told]) == (0, [one.digest.hex() for one in town.history])
        assert [one["active"] for one in told[1:3]] == [["aa", "bb", "cc", "dd"], ["aa", "bb", "dd"]]
        assert set(told[1]["by"]) >= {"aa", "bb"}
    assert called("verify_charter.py", history)[1].count("signed by") == 5
    for words in (named[1:], reversed(named), [file], [tmp_path / "none"], [tmp_path]):
        status, _, err = called("verify_charter.py", *words)
        assert status == 1
        assert err.startswith("REFUSED")
    assert called("verify.py", "--charter", history, file)[0] == 0
    assert called("verify.py", "--charter", named[0], "--charter", named[1], file)[0] == 0
    status, _, err = called("verify.py", "--charter", named[4], file)
    assert (status, "needs the versions before it" in err) == (1, True)
