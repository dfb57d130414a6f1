"""Programs obey what they get: an indicator that a deny-list forbids is on no page, and no page is lost by it."""

import json
from dataclasses import replace

import pytest

from tocsin.edge.audit import Audit
from tocsin.edge.taxii.app import Services, build
from tocsin.edge.taxii.paging import Limits

WHEN = "2026-01-01T00:00:00.000Z"


def indicator(number, value):
    made = {
        "type": "indicator",
        "id": f"indicator--00000000-0000-4000-8000-{number:012x}",
        "modified": WHEN,
        "pattern": f"[ipv4-addr:value = '{value}']",
        "pattern_type": "stix",
    }
    return made["id"], WHEN, json.dumps(made).encode()


@pytest.fixture
def listed(make_world):
    """A world that forbids 8.8.8.8, with pages of two."""
    world = make_world(default_page=2)
    services = Services(
        world.database, world, world.accounts, Audit(world.database, world.clock), "https://cert.example:7451/", "t",
        world.clock, world.synced, Limits(default_page=2), lambda contents: [("dns",) if b"8.8.8.8" in one else () for one in contents],
    )  # fmt: skip
    world.app = build(services)
    assert replace(services).listed([b"8.8.8.8"]) == [("dns",)]
    return world


def put(world, *values):
    world.share(indicator(number, value) for number, value in enumerate(values))


def pages(world, what):
    out, query = [], ""
    while True:
        told = world.get(what, query=query).json
        out.append([one["id"][-1] for one in told.get("objects", [])])
        if not told["more"]:
            return out
        query = f"next={told['next']}"


@pytest.mark.parametrize("what", ["objects/", "manifest/"])
def test_what_is_listed_is_on_no_page_and_nothing_else_is_lost(listed, what):
    put(listed, "1.1.1.2", "8.8.8.8", "8.8.8.8", "8.8.8.8", "8.8.8.8", "1.1.1.3", "8.8.8.8", "1.1.1.4", "8.8.8.8")
    found = pages(listed, what)
    assert [one for page in found for one in page] == ["0", "5", "7"]
    assert all(found[:-1]), "a page with more has something on it"


def test_what_is_listed_is_not_found_by_its_id_either(listed):
    put(listed, "8.8.8.8")
    id_ = indicator(0, "")[0]
    assert listed.get(f"objects/{id_}/").json.get("objects", []) == []
    assert listed.get(f"objects/{id_}/versions/").json.get("versions", []) == []
