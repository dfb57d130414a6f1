"""The stand-alone verifier: it takes what real members export and every kind of evidence, and nothing that was touched."""

import ast
import asyncio
import hmac
import importlib
import json
import random
import subprocess
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import checkpoint, cosignature, note, statement, strictjson
from tocsin.formats.keys import Role, SigningKey, key_name
from tocsin.formats.tlp import Tlp
from tocsin.node import export
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "docs" / "formats" / "verify.py"
EVIDENCE = json.loads((ROOT / "tests" / "vectors" / "log" / "evidence.json").read_text("utf-8"))["cases"]
VECTORS = json.loads((ROOT / "tests" / "vectors" / "log" / "heartbeat.json").read_text("utf-8"))["cases"]
STRICT = json.loads((ROOT / "tests" / "vectors" / "wire" / "statement.json").read_text("utf-8"))["cases"]

sys.path.append(str(SCRIPT.parent))  # as for whoever runs it
verifier = importlib.import_module("verify")
charters = importlib.import_module("verify_charter")


def tools(batch, count):
    """STIX objects with all that JSON text can hold."""
    return [
        json.dumps(
            {
                "type": "tool",
                "spec_version": "2.1",
                "id": f"tool--{UUID(int=1000 * batch + number, version=4)}",
                "created": "2026-01-01T00:00:00.000Z",
                "modified": "2026-01-01T00:00:00.000Z",
                "name": f'"{batch}.{number}" \\ é \U0001f514 \x7f\u2028',
            },
            ensure_ascii=bool(number % 2),
        ).encode()
        for number in range(count)
    ]


async def exported(fed, holder, origin):
    node = fed.nodes[holder]
    core = node.running
    signer = Signer(holder, node.keys, CheckpointFiles(node.storage.disk, threaded=False))
    sight = await export.look(core.members, core.logs, signer, node.database, export.Wanted("plenary", origin))
    return await node.database.read(lambda db: list(export.lines(db, sight)))


@pytest.fixture(scope="module")
def world():
    """The log of aa as aa and bb export it, with an entry erased, before it began; the charter; the keys of cc and aa."""

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 11)
        await fed.found()
        found = {"empty": await exported(fed, "aa", "aa")}
        for batch in range(1, 5):
            await fed.share("aa", "plenary", tools(batch, batch), Tlp.GREEN)
            await fed.settled()
        found |= {"ours": await exported(fed, "aa", "aa"), "theirs": await exported(fed, "bb", "aa")}
        sql = "UPDATE journal_rows SET salt = NULL, content = NULL WHERE kind = 1 AND seq IN (0, 4)"
        await fed.nodes["aa"].database.write(lambda tx: tx.execute(sql))
        found["erased"] = await exported(fed, "aa", "aa")
        charter = statement.encode(fed.core("aa").members.charter.signed)
        keys, origin = fed.nodes["cc"].keys, fed.nodes["aa"].keys
        await fed.stop()
        return found, charter, keys, origin

    return run(main)


@pytest.fixture
def judged(tmp_path):
    """What the script says of these bytes or lines."""

    def judge(data, charter=None):
        path = tmp_path / "file"
        path.write_bytes(data if isinstance(data, bytes) else b"".join(data))
        return verifier.verify(path, charter)

    return judge


def of(line):
    return strictjson.parse(line[:-1], max_bytes=1 << 24)


def line(value):
    return charters.canonical(value).encode() + b"\n"


# -- exports ----------------------------------------------------------------------------------------------------


def test_real_exports_are_proven(world, judged):
    found, charter, _, _ = world
    pinned = verifier.Chain([charter])
    for name, receipts, erased in (
        ("ours", {"bb": 10, "cc": 10}, 0),
        ("theirs", {}, 0),
        ("erased", {"bb": 10, "cc": 10}, 2),
    ):
        told = judged(found[name], pinned)
        assert told["ok"], told
        assert (told["entries"], told["checkpoints"], told["receipts"]) == (10, 4, receipts)
        assert told["erased"] == erased
    assert judged(found["empty"], pinned)["entries"] == 0
    assert len({judged(found[name])["root"] for name in ("ours", "theirs", "erased")}) == 1
    assert [one for one in found["theirs"] if b"checkpoint" in one] == [
        one for one in found["ours"] if b"checkpoint" in one
    ]


def test_no_bit_may_flip_anywhere(world, judged):
    chance = random.Random(5)
    for name in ("ours", "erased"):
        data = b"".join(world[0][name])
        for at in chance.sample(range(8 * len(data)), 400):
            touched = bytearray(data)
            touched[at // 8] ^= 1 << at % 8
            assert not judged(bytes(touched))["ok"], (name, at // 8, data[at // 8 - 20 : at // 8 + 20])


def flipped(value):
    """The value with one bit or one character changed, in a way that its own form allows."""
    if isinstance(value, int):
        return value ^ 1
    try:
        raw = bytearray(b64decode(value, validate=True))
        raw[len(raw) // 2] ^= 1
        return b64encode(raw).decode()
    except ValueError:
        middle = len(value) // 2
        return value[:middle] + ("0" if value[middle] != "0" else "1") + value[middle + 1 :]


def test_no_field_of_any_line_may_differ(world, judged):
    seen = set()
    for name in ("ours", "erased"):
        lines = world[0][name]
        for at, one in enumerate(lines):
            body = of(one)
            inner = body.get("receipt", body)
            for field in inner:
                changed = {**inner, field: flipped(inner[field])}
                touched = [*lines]
                touched[at] = line({"receipt": changed} if "receipt" in body else changed)
                assert touched[at] != one
                assert not judged(touched)["ok"], (at, field)
                seen.add(field)
    assert seen == {
        *("charter", "format", "log", "origin", "size", "slot", "seq", "header", "salt", "content", "commitment"),
        *("checkpoint", "member", "key_id", "blob"),
    }


def test_no_line_may_be_dropped_doubled_or_swapped(world, judged):
    lines = world[0]["ours"]
    for at, one in enumerate(lines):
        kind = next(iter(of(one)))
        if kind == "receipt":  # a receipt that is not there claims nothing
            assert judged([*lines[:at], *lines[at + 1 :]])["ok"]
        elif not (kind == "checkpoint" and any(b"checkpoint" in each for each in lines[at + 1 :])):
            assert not judged([*lines[:at], *lines[at + 1 :]])["ok"], at
        assert not judged([*lines[: at + 1], *lines[at:]])["ok"], at
        swapped = [*lines]
        swapped[at - 1], swapped[at] = swapped[at], swapped[at - 1]
        assert not judged(swapped)["ok"], at


def test_an_entry_may_not_be_left_out_with_its_number_taken_by_the_next(world, judged):
    lines = world[0]["erased"]
    numbered = iter(range(99))
    touched = [line({**of(one), "seq": next(numbered)}) if b'"seq"' in one else one for one in [*lines[:4], *lines[5:]]]
    assert not judged(touched)["ok"]


def test_no_line_may_be_of_another_kind_or_spelt_otherwise(world, judged):
    lines = world[0]["ours"]
    for extra in (
        b"{}\n",
        b"[]\n",
        b"\n",
        line({"receipt": {}}),
        line({"receipt": []}),
        line({**of(lines[1]), "x": 1}),
        line({**of(lines[2]), "x": 1}),
    ):
        assert not judged([*lines, extra])["ok"]
        assert not judged([lines[0], extra, *lines[1:]])["ok"]
        assert not judged([*lines[:2], extra, *lines[2:]])["ok"]
    assert not judged([*lines[:-1], lines[-1][:-1]])["ok"]
    assert not judged([lines[0].replace(b'":', b'": ', 1), *lines[1:]])["ok"]
    assert not judged([])["ok"]


def test_a_receipt_by_another_key_is_refused(world, judged):
    found, _, keys, _ = world
    lines = found["ours"]
    (newest,) = [of(one)["checkpoint"].encode() for one in lines if b"checkpoint" in one][-1:]
    text = newest.rpartition(b"\n\n")[0] + b"\n"
    name = key_name("cc", Role.RECEIPT)
    for key, accepted in (
        (keys.signing(Role.RECEIPT), True),
        (SigningKey(bytes(32)), False),
        (keys.signing(Role.LOG), False),
    ):
        made = cosignature.cosign(text, name, key, 7)
        told = {"blob": b64encode(made.blob).decode(), "key_id": b64encode(made.key_id).decode(), "member": "cc"}
        assert judged([*lines[:-1], line({"receipt": {**told, "size": 10}})])["ok"] == accepted
        right = b64encode(cosignature.cosign(text, name, keys.signing(Role.RECEIPT), 7).key_id).decode()
        assert judged([*lines[:-1], line({"receipt": {**told, "key_id": right, "size": 10}})])["ok"] == accepted


def test_an_export_under_another_charter_than_mine_is_refused(world, judged):
    found, charter, _, _ = world
    other = run_other_charter()
    assert judged(found["ours"], verifier.Chain([charter]))["ok"]
    assert not judged(found["ours"], verifier.Chain([other]))["ok"]


def test_a_header_that_names_another_place_is_refused_even_if_its_origin_signed_it(world, judged):
    found, _, _, origin = world
    head, entry = of(found["ours"][0]), of(found["ours"][2])
    key = origin.signing(Role.LOG)
    for seq in (0, 1):
        header = bytearray(b64decode(entry["header"]))
        header[10] = seq
        changed = {**entry, "header": b64encode(header).decode()}
        digest = sha256(bytes(header) + entry["content"].encode()).digest()
        domain = b"tocsin/entry/v1" + bytes.fromhex(head["slot"]) + digest
        tree = verifier.Tree()
        tree.add(hmac.digest(b64decode(entry["salt"]), domain, "sha256"))
        text = checkpoint.encode(checkpoint.Checkpoint(head["log"], 1, tree.root()))
        signed = note.encode(note.Note(text, (note.sign(text, head["log"], key),)))
        made = [line({**head, "size": 1}), found["ours"][1], line(changed), line({"checkpoint": signed.decode()})]
        assert judged(made)["ok"] == (seq == 0)


def test_a_key_of_small_order_is_none():
    assert verifier.public_key(SigningKey(bytes(32)).public.raw)
    for raw in (bytes(32), b"\1" + bytes(31), bytes(31)):
        with pytest.raises(verifier.Refused):
            verifier.public_key(raw)


def run_other_charter():
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 12)
        await fed.found()
        charter = statement.encode(fed.core("aa").members.charter.signed)
        await fed.stop()
        return charter

    return run(main)


def test_a_charter_that_lacks_a_signature_gives_no_keys(world):
    charter = world[1]
    short = b"".join(charter.splitlines(keepends=True)[:-1])
    assert verifier.Chain([charter]).versions[0].keys.keys() == {"aa", "bb", "cc"}
    with pytest.raises(verifier.Refused):
        verifier.Chain([short])


# -- evidence ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", EVIDENCE, ids=lambda case: case["name"])
def test_evidence(case, judged):
    assert judged(case["evidence"].encode())["ok"] == (case["expect"] == "ok")


def test_evidence_under_another_key_than_the_charter_has_is_refused(world, judged):
    case = next(one for one in EVIDENCE if one["expect"] == "ok")
    body = json.loads(case["evidence"])
    charter = verifier.Chain([world[1]])
    assert not judged(case["evidence"].encode(), charter)["ok"]
    role, keys = "log", charter.versions[0].keys
    keys[body["accused"]] = {role: bytes(32)}
    assert not judged(case["evidence"].encode(), charter)["ok"]
    keys[body["accused"]] = {role: b64decode(body["key"])}
    assert judged(case["evidence"].encode(), charter)["key_in_charter"]


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_heartbeats(case):
    assert verifier.Checkpoint(case["text"].encode()).beat == (case.get("beat") if case["expect"] == "ok" else None)


@pytest.mark.parametrize("case", STRICT, ids=lambda case: case["name"])
def test_statements(case):
    try:
        found = verifier.Statement(case["note"].encode())
        taken = found.kind in statement.KINDS
    except (verifier.Refused, ValueError):
        taken = False
    assert taken == (case["expect"] == "ok")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1.5, "1.5"),
        (-0.0, "0"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1.25e-9, "-1.25e-9"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (333333333.3333333, "333333333.3333333"),
        (9.5, "9.5"),
        (100.0, "100"),
    ],
)
def test_numbers_are_written_as_rfc_8785_has_them(value, text):
    assert charters.canonical(value) == text


# -- the script -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["verify.py", "verify_charter.py"])
def test_it_stands_alone(name):
    text = (SCRIPT.parent / name).read_text("utf-8")
    named = {
        name.partition(".")[0]
        for one in ast.walk(ast.parse(text))
        for name in ([a.name for a in one.names] if isinstance(one, ast.Import) else [getattr(one, "module", "")])
        if isinstance(one, ast.Import | ast.ImportFrom)
    }
    assert named <= sys.stdlib_module_names | {"nacl", *(["verify_charter"] if name == "verify.py" else [])}
    assert len(text.splitlines()) <= 500


def called(*words):
    done = subprocess.run(
        [sys.executable, "-E", "-s", SCRIPT, *map(str, words)], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


def test_the_command(world, tmp_path):
    found, charter, _, _ = world
    good, bad, fork, mine = (tmp_path / name for name in ("good", "bad", "fork", "charter"))
    good.write_bytes(b"".join(found["ours"]))
    bad.write_bytes(b"".join(found["ours"][:-4]))
    fork.write_text(next(one["evidence"] for one in EVIDENCE if one["expect"] == "ok"), encoding="utf-8")
    mine.write_bytes(charter)
    status, out, _ = called(good, fork)
    assert (status, out.count("proven")) == (0, 2)
    assert "NOT compared" in out
    status, out, _ = called("--json", "--charter", mine, good, bad, tmp_path / "none")
    told = [json.loads(one) for one in out.splitlines()]
    assert (status, [one["ok"] for one in told]) == (1, [True, False, False])
    assert "REFUSED" in called(bad)[1]
    assert called("--charter", bad, good)[0] == 1
