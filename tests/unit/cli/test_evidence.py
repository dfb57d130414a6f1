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
KEY = SigningKey(bytes([1]) * 32)


def described(handle, log):
    others = {role: SigningKey(f"{role} of {handle}".encode().ljust(32)) for role in ("governance", "receipt")}
    keys = {**others, "log": log}
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


@pytest.fixture
def verified(monkeypatch, capsys, tmp_path):
    """Run it over this text; `log` is the key that the charter has for the accused. Gives exit code and what it told."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "nowhere"))

    def run(data, log=None, accused="ma-cert"):
        path, signed = tmp_path / "evidence", tmp_path / "charter"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        words = [str(path)]
        if log is not None:
            made = charter.found(
                "x", [described(accused, log), described("zz", SigningKey(bytes([8]) * 32))], Tlp.GREEN, 1
            )
            mark = note.sign(made.note.text, "tocsin/zz/governance", KEY)
            signed.write_bytes(statement.encode(made._replace(note=note.add(made.note, mark))))
            words += ["--charter", str(signed)]
        monkeypatch.setattr(sys, "argv", ["tocsin", "evidence", "verify", "--json", *words])
        with pytest.raises(SystemExit) as ended:
            entry.main()
        return ended.value.code, json.loads(capsys.readouterr().out)

    return run


@pytest.mark.parametrize("case", CASES[::4], ids=lambda case: case["name"])
def test_exit_codes(verified, case):
    status, told = verified(case["evidence"])
    assert status == {"ok": 0, "proof": 5, "format": 1}[case["expect"]]
    if status == 0:
        assert told["id"] == evidence.parse(case["evidence"].encode()).id.hex()
        assert (told["schema"], told["accused"], told["key_in_charter"]) == ("tocsin.evidence/1", "ma-cert", False)


def test_the_key_must_be_the_one_in_the_charter(verified):
    assert verified(FORK, KEY)[1]["key_in_charter"]
    for status, told in (verified(FORK, SigningKey(bytes([7]) * 32)), verified(FORK, KEY, "aa-cert")):
        assert (status, told["code"]) == (5, "evidence.unproven")


def test_a_file_that_is_too_large_or_not_there_is_told(verified, monkeypatch):
    monkeypatch.setattr(evidence, "MAX_BYTES", len(FORK.encode()))
    assert verified(FORK)[0] == 0
    monkeypatch.setattr(evidence, "MAX_BYTES", len(FORK.encode()) - 1)
    assert verified(FORK)[1]["code"] == "config.file"
