"""What is around an object, drawn: everything is counted, nothing overlaps, it is bounded, and the same each time."""

import json
import random
from itertools import combinations

import pytest

from tocsin.edge.console import relations
from tocsin.edge.console.relations import MOST, beside, bundled, clipped, narrow, second, wide
from tocsin.edge.control.neighbours import Edge

CENTRE = "malware--00000000-0000-4000-8000-000000000000"
TYPES = ("indicator", "malware", "threat-actor", "report", "tool", "ipv4-addr", "x-ours")


def identifier(number, kind="indicator"):
    return f"{kind}--{number:08x}-0000-4000-8000-000000000000"


def edges(count, labels=("indicates", "uses"), seed=1, start=1):
    """As hostile or as dull as `labels` is long; some objects are joined twice."""
    chance = random.Random(seed)
    out = []
    for number in range(start, start + count):
        other = identifier(number, chance.choice(TYPES))
        for _ in range(chance.choice((1, 1, 1, 2))):
            by = tuple(sorted(chance.sample(["aa", "bb", "cc", "dd"], chance.randint(1, 4))))
            out.append(Edge(other, chance.choice(labels), chance.random() < 0.5, by, number))
    return out


def picture(count, labels=("indicates", "uses"), depth=1, form=wide):
    found = beside(edges(count, labels))
    first = bundled(found, MOST - 1)
    steps = {}
    if depth == 2:
        steps = {
            one.id: [*edges(40, labels, at, start=100000 + 30 * at), Edge(CENTRE, "uses", False, ("aa",), 1)]
            for at, one in enumerate(first)
            if one.id
        }
    rings = second(first, [CENTRE, *(one.id for one in found)], steps) if depth == 2 else {}
    names = {one.id: f"{one.type} of a rather long name {at}" for at, one in enumerate(found)}
    return form(CENTRE, first, rings, names), first, rings


def overlap(a, b):
    return a[0] < b[0] + b[2] and b[0] < a[0] + a[2] and a[1] < b[1] + b[3] and b[1] < a[1] + a[3]


SIZES = [(1, 2), (7, 2), (30, 2), (200, 3), (10_000, 2), (10_000, 10_000)]


@pytest.mark.slow
@pytest.mark.parametrize("form", [wide, narrow])
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(("count", "kinds"), SIZES)
def test_nothing_overlaps_and_nothing_stands_outside(count, kinds, depth, form):
    told, _, _ = picture(count, [f"says-{number}" for number in range(kinds)], depth, form)
    boxes = [(one["x"], one["y"], one["width"], one["height"]) for one in told["nodes"]]
    for one in told["links"]:
        boxes += [(*one["label_at"], 18), *([(*one["by_at"], 18)] if one["members"] else [])]
    for a, b in combinations(boxes, 2):
        assert not overlap(a, b), (a, b)
    for x, y, width, height in boxes:
        assert x >= 0
        assert y >= 0
        assert x + width <= told["width"]
        assert y + height <= told["height"]


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(("count", "kinds"), SIZES)
def test_sixty_nodes_are_the_most_and_bundles_add_up_to_the_total(count, kinds, depth):
    told, first, rings = picture(count, [f"says-{number}" for number in range(kinds)], depth)
    assert len(told["nodes"]) <= MOST
    assert len(told["links"]) == len(told["nodes"]) - 1
    assert sum(one.size for one in first) == count
    ids = [one["id"] for one in told["nodes"] if one["id"]]
    assert len(ids) == len(set(ids))
    if depth == 2 and count < 50:
        assert any(one.shown for one in rings.values())


def test_what_is_around_a_neighbour_is_shown_left_out_or_counted():
    _, first, rings = picture(45, ("uses",), 2)
    assert rings
    ids = {one.id for one in beside(edges(45, ("uses",)))}
    for at, one in enumerate(each for each in first if each.id):
        ring = rings[one.id]
        around = {each.other for each in edges(40, ("uses",), list(first).index(one), start=100_000 + 30 * at)}
        assert sum(each.size for each in ring.shown) + ring.left_out <= len(around)
        assert not ids & {each.id for each in ring.shown}


def test_what_stands_around_two_of_them_is_drawn_once():
    first = beside(Edge(identifier(number), "uses", True, ("aa",), number) for number in (1, 2))
    common = Edge(identifier(9), "uses", True, ("aa",), 9)
    rings = second(first, [CENTRE, identifier(1), identifier(2)], {one.id: [common] for one in first})
    assert [len(one.shown) for one in rings.values()] == [1, 0]


@pytest.mark.slow
def test_the_same_is_drawn_the_same():
    assert picture(300, depth=2)[0] == picture(300, depth=2)[0]


def test_a_few_that_are_alike_stand_for_themselves_and_many_are_one_bundle():
    few = [Edge(identifier(n), "indicates", False, ("aa",), n) for n in range(6)]
    assert len(bundled(beside(few), MOST)) == 6
    many = [*few, *(Edge(identifier(n), "indicates", False, ("aa",), n) for n in range(6, 12))]
    other = Edge(identifier(99, "tool"), "uses", True, ("aa",), 1)
    bundle, tool = bundled(beside([*many, other]), MOST)
    assert (bundle.id, bundle.type, bundle.label, bundle.size, bundle.outgoing) == (
        "",
        "indicator",
        "indicates",
        12,
        False,
    )
    assert tool.id == other.other


def test_an_object_joined_in_several_ways_stands_there_once_with_all_of_them():
    told = [
        Edge(identifier(1), "uses", True, ("aa",), 1),
        Edge(identifier(1), "targets", False, ("bb", "cc"), 2),
        Edge(identifier(1), "uses", True, ("dd",), 3),
    ]
    (one,) = beside(told)
    assert one.by == ("aa", "bb", "cc", "dd")
    (link,) = wide(CENTRE, [one], {}, {})["links"]
    assert (link["labels"], link["more"], link["by"]) == (["uses", "targets"], 1, "")
    assert link["heads"].count("M") == 2


def test_what_no_member_has_signed_is_drawn_apart():
    signed, loose = Edge(identifier(1), "uses", True, ("aa",), 1), Edge(identifier(2), "uses", True, (), 1)
    assert [one["loose"] for one in wide(CENTRE, beside([signed, loose]), {}, {})["links"]] == [False, True]


def test_texts_are_clipped_by_their_width():
    assert clipped("abc", 3) == "abc"
    assert clipped("abcd", 3) == "ab…"
    assert clipped("漢字漢字", 4) == "漢…"
    assert clipped("e\u0301" * 3, 3) == "e\u0301" * 3
    assert clipped("", 3) == ""
    assert len(clipped("x" * 100_000, 20)) == 20


# -- the page -------------------------------------------------------------------------------------------------------

WHEN = {"created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z"}
GREEN = {"object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]}
ONE, TWO, THREE = identifier(1), identifier(2), identifier(3)
PAGE = f"/o/{ONE}/relations"


def relation(number, source, label, target):
    made = {"type": "relationship", "spec_version": "2.1", "id": identifier(number, "relationship"), **WHEN, **GREEN}
    return json.dumps({**made, "source_ref": source, "relationship_type": label, "target_ref": target}).encode()


async def shared(house, member, *objects):
    _, refused = await house.federation.share(member, "plenary", list(objects))
    assert not refused, refused
    await house.federation.settled()


@pytest.mark.slow
def test_the_page_says_what_is_around_it_and_who_says_so(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        told = [piece(1), piece(2), relation(1, ONE, "related-to", TWO), relation(2, THREE, "derived-from", ONE)]
        await shared(house, "bb", *told)
        await shared(house, "aa", relation(3, ONE, "related-to", TWO))
        found = (await browser.ask(f"{PAGE}.json")).json
        assert found["total"] == 2
        rows = {one["id"]: one for one in found["rows"]}
        assert rows[TWO]["edges"] == [{"label": "related-to", "outgoing": True, "by": ["aa", "bb"]}]
        assert (rows[TWO]["held"], rows[THREE]["held"]) == (True, False)
        text = (await browser.ask(PAGE)).text
        assert text.count('<svg class="rel ') == 2
        assert f'href="/o/{TWO}"' in text
        assert f'href="/o/{THREE}"' not in text
        assert (await browser.ask(f"{PAGE}.json?way=in")).json["matching"] == 1
        assert (await browser.ask(f"{PAGE}.json?by=aa")).json["matching"] == 1
        assert (await browser.ask(f"{PAGE}.json?label=uses")).json["matching"] == 0
        assert (await browser.ask(f"{PAGE}.json?without=indicator,x")).json["matching"] == 0
        for query in ("depth=9", "depth=-1", "from=99999999999", "type=%00", "way=up", "without=,,,"):
            assert (await browser.ask(f"{PAGE}?{query}")).status == 200, query

    visit(story)


@pytest.mark.slow
def test_two_steps_lead_to_what_is_around_those(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        told = [
            piece(1),
            piece(2),
            piece(3),
            relation(1, ONE, "related-to", TWO),
            relation(2, TWO, "derived-from", THREE),
        ]
        await shared(house, "bb", *told)
        assert THREE not in (await browser.ask(PAGE)).text
        found = (await browser.ask(f"{PAGE}.json?depth=2")).json
        assert [(one["id"], [each["id"] for each in one["rows"]]) for one in found["further"]] == [(TWO, [THREE])]
        assert [one["depth"] for one in found["pictures"][0]["nodes"]] == [0, 1, 2]
        assert f'href="/o/{THREE}"' in (await browser.ask(f"{PAGE}?depth=2")).text

    visit(story)


@pytest.mark.slow
def test_a_neighbour_that_is_hidden_looks_like_one_that_never_was(visit, piece):
    async def story(house):
        from tocsin.exchange.journal import search

        browser = await house.enroll("analyst", "analyst")
        await shared(house, "bb", piece(1), piece(2, name="never-to-be-seen"), relation(1, ONE, "related-to", TWO))
        database = house.core.world.database
        await database.write(lambda tx: search.hide(tx, TWO, "bb", "suspended", 1))
        hidden = [(await browser.ask(path)).text for path in (PAGE, f"{PAGE}?depth=2", f"{PAGE}.json?depth=2")]
        await database.write(lambda tx: tx.execute("DELETE FROM journal_search WHERE object_id = ?", (TWO,)))
        assert [(await browser.ask(path)).text for path in (PAGE, f"{PAGE}?depth=2", f"{PAGE}.json?depth=2")] == hidden
        assert all("never-to-be-seen" not in one for one in hidden)
        assert TWO in hidden[0]

    visit(story)


@pytest.mark.slow
def test_what_others_write_is_escaped_in_the_picture_too(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        payload = "\"'><script>alert(1)</script>"
        _, refused = await house.federation.share("bb", "plenary", [relation(2, ONE, payload, TWO)])
        assert [one.code for one in refused] == ["format.stix"]
        await shared(house, "bb", piece(1), piece(2, name=payload), relation(1, ONE, "related-to", TWO))
        # As if the gate of an older version had let it through.
        worse = (relation(1, ONE, payload, TWO), identifier(1, "relationship"))
        await house.core.world.database.write(
            lambda tx: tx.execute("UPDATE journal_rows SET content = ? WHERE object_id = ?", worse)
        )
        assert (await browser.ask(f"{PAGE}.json")).json["rows"][0]["label"] == payload
        for path in (PAGE, f"{PAGE}?depth=2", f"{PAGE}?label={'%22%3E%3Cscript%3Ealert(1)'}", f"/o/{ONE}"):
            text = (await browser.ask(path)).text
            assert "<script>alert" not in text
            assert "alert(1)" in text
            assert '="' + payload[:2] not in text

    visit(story)


@pytest.mark.slow
def test_of_many_the_page_shows_bundles_and_pages_of_fifty(visit, piece):
    async def story(house):
        browser = await house.enroll("analyst", "analyst")
        await shared(house, "bb", piece(1), *(relation(n, identifier(n), "related-to", ONE) for n in range(10, 130)))
        found = (await browser.ask(f"{PAGE}.json")).json
        assert (found["total"], found["bundles"], len(found["rows"]), found["next"]) == (120, 1, 50, 50)
        assert found["offers"] == [{"type": "indicator", "count": 120}]
        assert len(found["pictures"][0]["nodes"]) == 2
        seen, begin = set(), 0
        while True:
            found = (await browser.ask(f"{PAGE}.json?type=indicator&label=related-to&way=in&from={begin}")).json
            seen |= {one["id"] for one in found["rows"]}
            begin = found["next"]
            if not begin:
                break
        assert len(seen) == 120
        assert len((await browser.ask(f"/o/{ONE}.json")).json["pictures"][0]["nodes"]) <= relations.FEW

    visit(story)
