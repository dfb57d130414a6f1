"""tocsin evidence verify: without a node, with and without a charter; exit codes."""

import json
import sys
from base64 import b64encode
from pathlib import Path

import pytest

from tocsin.cli import main as entry
from tocsin.exchange.members import charter
from tocsin.formats import evidence, note, statement
from tocsin.formats.keys import SigningKey
from tocsin.formats.seal import PUBLIC_BYTES
from tocsin.formats.tlp import Tlp

CASES = json.loads((Path(__file__).parents[2] / "vectors" / "log" / "evidence.json").read_text("utf-8"))["cases"]
FORK = next(one["evidence"] for one in CASES if one["expect"] == "ok")
KEY, NEW, OTHER = (SigningKey(bytes([number]) * 32) for number in (1, 7, 8))


def named(role, handle):
    return SigningKey(f"{role} of {handle}".encode().ljust(32))


def described(handle, log):
    keys = {role: named(role, handle) for role in ("governance", "receipt")} | {"log": log}
    public = {role: b64encode(key.public.raw).decode() for role, key in keys.items()}
    return {
        "handle": handle,
        "name": handle,
        "kind": "organisation",
        "identity": "identity--1",
        "countries": [],
        "constituency": {},
        "endpoints": {"peer": ""},
        "keys": {
            **public,
            "seal": b64encode(bytes(PUBLIC_BYTES)).decode(),
            "transport": b64encode(handle.encode()).decode(),
        },
        "created": 1,
    }


def signed(made, *by):
    for handle in by:
        mark = note.sign(made.note.text, f"tocsin/{handle}/governance", named("governance", handle))
        made = made._replace(note=note.add(made.note, mark))
    return made


def founded(log=KEY, accused="ma-cert", by=None):
    made = charter.found("x", [described(accused, log), described("zz", OTHER)], Tlp.GREEN, 1)
    return signed(made, *(by or (accused, "zz")))


def followed(before, by=("ma-cert", "zz"), log=NEW):
    changes = charter.Changes(describe=(described("ma-cert", log),))
    return signed(charter.successor(charter.of(before), changes, 0, 2), *by)


def vote(title, previous="", voters=("ma-cert", "zz")):
    body = {"version": 2, "previous": previous, "title": title}
    if not previous:
        return signed(statement.compose(statement.CHANNEL, {**body, "id": "x", "voters": list(voters)}), "ma-cert").note
    return signed(statement.compose(statement.CHARTER, body), "ma-cert").note


@pytest.fixture
def verified(monkeypatch, capsys, tmp_path):
    """Run it over this text, under the charter of these versions. Gives exit code and what it told."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "nowhere"))

    def run(data, *versions, folder=False):
        path = tmp_path / "evidence"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        words = [str(path)]
        for one in tmp_path.glob("charter-*.note"):
            one.unlink()
        for number, made in enumerate(versions):
            file = tmp_path / f"charter-{number:04}.note"
            file.write_bytes(statement.encode(made))
            words += [] if folder else ["--charter", str(file)]
        words += ["--charter", str(tmp_path)] if folder else []
        monkeypatch.setattr(sys, "argv", ["tocsin", "evidence", "verify", "--json", *words])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        return ended.value.code, json.loads(capsys.readouterr().out)

    return run


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES[::4], ids=lambda case: case["name"])
def test_exit_codes(verified, case):
    status, told = verified(case["evidence"])
    assert status == {"ok": 0, "proof": 5, "format": 1}[case["expect"]]
    if status == 0:
        assert told["id"] == evidence.parse(case["evidence"].encode()).id.hex()
        assert (told["schema"], told["accused"], told["key_in_charter"]) == ("tocsin.evidence/1", "ma-cert", False)


@pytest.mark.slow
def test_the_key_must_be_the_one_in_the_charter(verified):
    assert verified(FORK, founded())[1]["key_in_charter"]
    for status, told in (verified(FORK, founded(NEW)), verified(FORK, founded(accused="aa-cert"))):
        assert (status, told["code"]) == (5, "evidence.unproven")


@pytest.mark.slow
def test_a_charter_that_is_not_in_force_names_nobody(verified):
    first = founded()
    for code, *versions in (
        ("policy.charter-unsigned", founded(by=("zz",))),
        ("policy.charter-unsigned", first, followed(first, by=("ma-cert",))),
        ("policy.charter-consent", founded(by=("ma-cert", "zz")), charter_with_an_unwilling_member(first)),
        ("policy.charter-gap", followed(first)),
        ("policy.charter-gap", founded(NEW), followed(first)),
        ("policy.charter-rollback", first, founded(NEW)),
    ):
        status, told = verified(FORK, *versions)
        assert (status != 0, told["code"]) == (True, code)


def charter_with_an_unwilling_member(first):
    changes = charter.Changes(describe=(described("qq", SigningKey(bytes([9]) * 32)),))
    return signed(charter.successor(charter.of(first), changes, 0, 2), "ma-cert", "zz")


@pytest.mark.slow
def test_a_former_key_is_told_as_one(verified):
    first = founded()
    for folder in (False, True):
        _, told = verified(FORK, first, followed(first), folder=folder)
        assert (told["key_in_charter"], told["key_versions"], told["key_in_force"]) == (True, [1], False)
    # Named in any order; the key of today is the newest version's.
    _, told = verified(FORK, followed(founded(NEW), log=KEY), founded(NEW))
    assert (told["key_versions"], told["key_in_force"]) == ([2], True)
    assert verified(FORK, folder=True)[1]["code"] == "config.file"


@pytest.mark.slow
def test_who_had_no_vote_has_not_voted_twice(verified):
    first = founded()
    accused = named("governance", "ma-cert").public

    def told(*votes):
        data = evidence.encode(evidence.vote_of("ma-cert", accused, *votes))
        return verified(data, first)[0]

    assert told(vote("one"), vote("two")) == 0
    assert told(vote("one", voters=["zz"]), vote("two")) == 5
    digest = charter.of(first).digest.hex()
    assert told(vote("one", digest), vote("two", digest)) == 0
    assert told(vote("one", "00" * 32), vote("two", "00" * 32)) == 5


@pytest.mark.slow
def test_a_file_that_is_too_large_or_not_there_is_told(verified, monkeypatch):
    monkeypatch.setattr(evidence, "MAX_BYTES", len(FORK.encode()))
    assert verified(FORK)[0] == 0
    monkeypatch.setattr(evidence, "MAX_BYTES", len(FORK.encode()) - 1)
    assert verified(FORK)[1]["code"] == "config.file"
