"""Whom a node dials, what it says of those it cannot reach, and which of two links counts."""

import asyncio
from types import SimpleNamespace

import pytest

from tocsin.node.links import Links
from tocsin.testing.virtualtime import VirtualClock, run

ENDPOINTS = {"aa": "aa:1", "bb": "bb:1", "cc": "", "dd": ""}


def links(me, clock=None, dial="all"):
    members = SimpleNamespace(
        me=me,
        neighbours=lambda: sorted(ENDPOINTS.keys() - {me}),
        member=lambda handle: SimpleNamespace(endpoint=ENDPOINTS[handle]),
    )
    turns = SimpleNamespace(is_over=lambda _: False)
    parts = SimpleNamespace(members=members, note=lambda *_: None, turns=turns)
    return Links(parts, network=None, clock=clock, entropy=None, dial=dial)


@pytest.mark.parametrize(
    ("me", "dial", "dialed"),
    [
        ("aa", "all", ["bb"]),
        ("bb", "all", ["aa"]),
        ("cc", "all", ["aa", "bb"]),
        ("aa", "larger", ["bb"]),
        ("bb", "larger", []),
        ("cc", "larger", []),
    ],
)
def test_whom_we_dial(me, dial, dialed):
    made = links(me, dial=dial)
    assert [one for one in made.standing if made.dials(one)] == dialed


def test_two_without_an_endpoint_have_no_way():
    assert {one["peer"]: one["state"] for one in links("cc").describe()} == {
        "aa": "never",
        "bb": "never",
        "dd": "no-way",
    }
    assert not any(one["state"] == "no-way" for one in links("aa").describe())


A_DIALED, B_DIALED = "aa", "bb"


@pytest.mark.parametrize("me", ["aa", "bb"])
@pytest.mark.parametrize(
    ("stands", "newer", "age_s", "kept_by"),
    [
        (None, A_DIALED, 0, {"aa": "newer", "bb": "newer"}),
        (None, B_DIALED, 0, {"aa": "newer", "bb": "newer"}),
        (A_DIALED, A_DIALED, 0, {"aa": "newer", "bb": "newer"}),
        (B_DIALED, B_DIALED, 100, {"aa": "newer", "bb": "newer"}),
        (B_DIALED, A_DIALED, 0, {"aa": "newer", "bb": "newer"}),
        (B_DIALED, A_DIALED, 100, {"aa": "newer", "bb": "newer"}),
        (A_DIALED, B_DIALED, 0, {"aa": "older", "bb": "older"}),
        (A_DIALED, B_DIALED, 4.9, {"aa": "older", "bb": "older"}),
        # Whoever dials has no link: at the smaller handle's end an old one is half-open.
        (A_DIALED, B_DIALED, 5.1, {"aa": "newer", "bb": "older"}),
    ],
)
def test_which_of_two_links_counts(me, stands, newer, age_s, kept_by):
    peer = {"aa": "bb", "bb": "aa"}[me]

    async def main():
        clock = VirtualClock(asyncio.get_running_loop())
        made = links(me, clock)
        standing = made.standing[peer]
        if stands is not None:
            standing.session = SimpleNamespace(peer=peer, dialed=stands == me)
            standing.taken_s = clock.monotonic()
            await clock.sleep(age_s)
        return made._is_crossed(standing, SimpleNamespace(peer=peer, dialed=newer == me))

    assert run(main) is (kept_by[me] == "older")
