"""A MISP event becomes STIX 2.1 in another process; what is no event, too large or too deep never reaches it."""

import asyncio
import json

import pytest

from tocsin.backends.system import misp
from tocsin.errors import FormatError
from tocsin.formats.stix.check import Checked, check_many

pytestmark = pytest.mark.slow  # a process that converts

EVENT = {
    "uuid": "5e3fbb4c-9a9c-4ce4-a3a5-3d8b0a00020f",
    "info": "Cranes",
    "date": "2026-11-20",
    "timestamp": "1763600000",
    "published": False,
    "analysis": "0",
    "threat_level_id": "2",
    "Orgc": {"uuid": "55f6ea65-aa10-4c5a-bf01-4f84950d210f", "name": "Somebody"},
    "Tag": [{"name": "tlp:amber"}],
    "Attribute": [
        {
            "uuid": "5e3fbb4c-9a9c-4ce4-a3a5-3d8b0a000210",
            "type": "ip-dst",
            "category": "Network activity",
            "value": "45.9.20.7",
            "to_ids": True,
            "timestamp": "1763600000",
        }
    ],
}


def test_an_event_becomes_objects_that_our_own_check_accepts():
    made = asyncio.run(misp.convert(json.dumps({"Event": EVENT}).encode()))
    checked = check_many(made.splitlines())
    assert all(isinstance(one, Checked) for one in checked)
    assert any(one.type == "indicator" and "45.9.20.7" in one.value["pattern"] for one in checked)
    assert any(one.type == "marking-definition" for one in checked)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"Event": []}', "format.misp"),
        (b'{"Event": {"Attribute": "x"}}', "format.misp"),
        (json.dumps({"response": [{"Event": EVENT}] * 2}).encode(), "format.misp"),
        (json.dumps({"Event": {"Attribute": [{}] * (misp.MOST_PARTS + 1)}}).encode(), "format.misp"),
        (b'{"Event": {"a": ' + b"[" * 80 + b"]" * 80 + b"}}", "format.json-depth"),
        (b" " * (misp.MOST_BYTES + 1), "format.json-size"),
    ],
)
def test_what_is_no_event_is_refused(data, code):
    with pytest.raises(FormatError) as caught:
        asyncio.run(misp.convert(data))
    assert caught.value.code == code


def test_a_conversion_that_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(misp, "_SECONDS", 0.2)
    with pytest.raises(FormatError, match="took more than"):
        asyncio.run(misp.convert(json.dumps({"Event": EVENT}).encode()))
