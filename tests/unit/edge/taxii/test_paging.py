"""Cursors: nothing lost, nothing twice, the same answer however often asked, and never out of date."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.edge.taxii.answers import RefusalError
from tocsin.edge.taxii.filters import MATCH_ALL, Filters, parse
from tocsin.edge.taxii.paging import Limits, Page, Wanted, cursor, wanted
from tocsin.exchange.journal.search import Found

V1, V2 = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"
KEY = b"k" * 32


def tools(start, end, version=V1):
    return [(f"tool--{number:08}", version) for number in range(start, end)]


def walk(world, limit, path="objects/", by="next", query="", meanwhile=lambda: None):
    """All pages of a query: the ids seen, in order."""
    seen = []
    after = ""
    for _ in range(200):
        page = world.get(path, query=f"limit={limit}{query}{after}")
        assert page.status == 200
        assert len(page.ids) <= limit
        assert ("next" in page.json) == page.json["more"]
        seen += page.ids
        if not page.json["more"]:
            return seen
        after = (
            f"&next={page.json['next']}" if by == "next" else f"&added_after={page.header('x-taxii-date-added-last')}"
        )
        meanwhile()
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize("by", ["next", "added_after"])
@pytest.mark.parametrize("path", ["objects/", "manifest/"])
@pytest.mark.parametrize("limit", [1, 7, 10, 20, 500])
def test_pages_hold_everything_once_in_order(world, by, path, limit):
    world.share(tools(0, 20))
    assert walk(world, limit, path, by) == [one for one, _ in tools(0, 20)]


@pytest.mark.parametrize("by", ["next", "added_after"])
def test_what_comes_between_two_pages_is_not_lost(world, by):
    world.share(tools(0, 6))
    more = iter([tools(6, 9), tools(0, 2, V2), tools(9, 10)])
    seen = walk(world, 2, by=by, meanwhile=lambda: world.share(next(more, [])) if by else None)
    assert set(seen) == {one for one, _ in tools(0, 10)}
    assert seen.index("tool--00000000") == 0
    assert seen.count("tool--00000000") == 2  # a new version is news
    assert seen.count("tool--00000005") == 1


def test_the_same_next_gives_the_same_page_for_ever_and_remembers_its_filters(world):
    world.share([(f"{kind}--{number}", V1) for number in range(6) for kind in ("tool", "malware")])
    first = world.get("objects/", query="limit=2&match[type]=tool&added_after=2020-01-01T00:00:00Z")
    following = first.json["next"]
    queries = [
        f"next={following}",
        f"next={following}",
        f"next={following}&limit=2",
        f"match[type]=tool&next={following}",
        f"added_after=2020-01-01T00:00:00.000Z&limit=2&match[type]=tool&match[version]=last&next={following}",
    ]
    answers = {world.get("objects/", query=query).body for query in queries}
    assert len(answers) == 1
    world.share(tools(100, 101))
    later = world.get("objects/", query=f"next={following}&limit=10")
    assert later.ids == ["tool--2", "tool--3", "tool--4", "tool--5", "tool--00000100"]


def test_a_next_used_otherwise_is_400(world):
    world.share([*tools(0, 6), ("tool--00000000", V2)])
    following = world.get("objects/", query="limit=2&match[type]=tool").json["next"]
    whole = world.get("objects/", query="limit=2").json["next"]
    middle = len(following) // 2
    flipped = following[:middle] + ("A" if following[middle] != "A" else "B") + following[middle + 1 :]
    for query in (
        f"next={following}&match[type]=malware", f"next={following}&match[id]=a", f"next={following}&match[version]=all",
        f"next={following}&added_after=2020-01-01T00:00:00Z", f"next={whole}&match[type]=tool", f"next={flipped}",
        f"next={following[:-4]}", "next=", "next=é", "next=abc", "next=1", "next=!!!!", "next=" + "A" * 500,
    ):  # fmt: skip
        answer = world.get("objects/", query=query)
        assert answer.status == 400, query
        assert answer.json["http_status"] == "400"
    assert world.get("manifest/", query=f"next={following}").status == 400
    assert world.get("objects/tool--00000000/", query=f"next={following}").status == 400


def test_a_next_of_another_node_or_channel_is_400(world, make_world):
    other = make_world()
    for one in (world, other):
        one.share(tools(0, 6))
    other.run(other.database.write(lambda tx: tx.execute("UPDATE edge_secrets SET secret = x'00'")))
    following = world.get("objects/", query="limit=2").json["next"]
    # Both worlds draw the same bytes: only an own secret makes the difference.
    other.run(other.database.write(lambda tx: tx.execute("INSERT INTO edge_secrets VALUES ('taxii-next', x'01')")))
    assert other.get("objects/", query=f"next={following}").status == 400
    closed = f"/api1/collections/{world.known[1].id}/objects/"
    assert world.ask(closed, query=f"next={following}").status == 400
    assert world.ask("/api1/collections/plenary/objects/", query=f"next={following}").status == 200


def test_a_next_survives_a_new_start(world):
    from tocsin.edge.taxii.app import Services, build

    world.share(tools(0, 6))
    following = world.get("objects/", query="limit=2").json["next"]
    before = world.get("objects/", query=f"next={following}").body
    clock = world.clock
    world.app = build(Services(world.database, world, world.accounts, world.audit, "", "t", clock, world.synced))
    assert world.get("objects/", query=f"next={following}").body == before


def test_the_limit_is_capped_and_absent_it_is_the_default(make_world):
    world = make_world(default_page=4, max_page=5)
    world.share(tools(0, 12))
    assert len(world.get("objects/").ids) == 4
    for asked in ("5", "6", "15000", "999999999999999999"):
        page = world.get("objects/", query=f"limit={asked}")
        assert (len(page.ids), page.json["more"]) == (5, True)
        assert len(world.get("objects/", query=f"limit={asked}&next={page.json['next']}").ids) == 5
    assert walk(world, 500) == [one for one, _ in tools(0, 12)]


@pytest.mark.parametrize("count", [1, 2, 3, 127, 128, 129, 300])
def test_a_heavy_page_ends_early_with_a_cursor(make_world, count):
    world = make_world(page_bytes=10)
    world.share(tools(0, count))
    assert walk(world, 10_000) == [one for one, _ in tools(0, count)]


def test_more_is_only_said_when_there_is_more(world):
    world.share(tools(0, 4))
    world.share([("malware--1", V1)], channel=2)
    assert world.get("objects/", query="limit=4").json["more"] is False
    assert world.get("objects/", query="limit=3").json["more"] is True


@settings(max_examples=40)
@given(
    st.integers(0, 10**15),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=20),
    st.integers(1, 10_000),
    st.binary(max_size=8),
)
def test_a_cursor_is_read_as_written_and_not_otherwise(added, text, limit, noise):
    told = Wanted(Filters(5, (text,), (), ("first", 7), ("2.1",)), None, limit)
    page = Page([Found(1, added, 1, "", "", "", "", 0, None)], more=True)
    written = cursor(page, told, KEY, "here")
    asked = parse(b"next=" + written.encode(), MATCH_ALL)
    assert wanted(asked, KEY, "here", Limits()) == Wanted(told.filters, added, limit)
    raw = base64.urlsafe_b64decode(written + "==")
    for key, place, data in ((KEY, "there", raw), (b"x", "here", raw), (KEY, "here", raw + b"x"), (KEY, "here", noise)):
        other = parse(b"next=" + base64.urlsafe_b64encode(data), MATCH_ALL)
        with pytest.raises(RefusalError):
            wanted(other, key, place, Limits())
