"""Search: only what may be shown, found by every condition, in journal order, newest version as promised."""

import pytest

from tocsin.exchange.journal.journal import Kind, NewRow, append, read
from tocsin.exchange.journal.search import (
    Query,
    Search,
    added_at,
    content,
    contest,
    find,
    hide,
    instant_of,
    known,
    reasons,
    unhide,
)
from tocsin.testing.virtualtime import run

V1, V2, V3 = (f"2026-01-0{day}T00:00:00.000Z" for day in (1, 2, 3))
ID = "identity--00000001-0000-4000-8000-000000000000"
TOOL = "tool--00000002-0000-4000-8000-000000000000"
ADDRESS = "ipv4-addr--00000003-0000-5000-8000-000000000000"


def row(seq, object_id=ID, version=V1, name="a name", *, log=1, member="aa", marking=1, held=None, body=b""):
    return NewRow(
        Kind.ENTRY, log, seq, member, object_id, version, name, marking, 1, 0, held, b"s", b"c", body or b"%d" % seq
    )


@pytest.fixture
def found(database):
    """found(rows, **query): fill the store, index it as the follower does, ask."""

    def ask(rows, **query):
        async def main():
            def work(tx):
                append(tx, rows, 1000)
                Search(lambda log: log * 10).handle(read(tx, 0, 999), tx)

            await database.write(work)
            return await database.read(lambda db: find(db, Query(**query)))

        return run(main)

    return ask


SOME = [
    row(0),
    row(1, TOOL, V2, "100% tool_x"),
    row(2, ID, V3, "held back", held="format.stix"),
    row(0, ADDRESS, "", "192.0.2.1", log=2, member="bb", marking=4),
    NewRow(Kind.RECEIPT, 1, 2, "bb"),
    row(3, ID, V2, "second"),
]


@pytest.mark.parametrize(
    ("query", "positions"),
    [
        ({}, [1, 2, 4, 6]),
        ({"channels": (10,)}, [1, 2, 6]),
        ({"channels": (20, 30)}, [4]),
        ({"after": 2}, [4, 6]),
        ({"limit": 2}, [1, 2]),
        ({"newest_first": True}, [6, 4, 2, 1]),
        ({"newest_first": True, "after": 4}, [2, 1]),
        ({"ids": (ID,)}, [1, 6]),
        ({"ids": (ID, ADDRESS)}, [1, 4, 6]),
        ({"types": ("identity",)}, [1, 6]),
        ({"types": ("tool", "ipv4-addr")}, [2, 4]),
        ({"types": ("ident",)}, []),
        ({"member": "bb"}, [4]),
        ({"text": "NAME"}, [1]),
        ({"text": "100%"}, [2]),
        ({"text": "l_x"}, [2]),
        ({"text": "%"}, [2]),
        ({"text": "!"}, []),
        ({"versions": ("last",), "ids": (ID,)}, [6]),
        ({"versions": ("first",), "ids": (ID,)}, [1]),
        ({"versions": (instant_of(V2),)}, [2, 6]),
        ({"versions": ("first", instant_of(V2)), "ids": (ID,)}, [1, 6]),
        ({"versions": ("all",), "ids": (ID,)}, [1, 6]),
    ],
    ids=str,
)
def test_conditions(found, query, positions):
    assert [one.position for one in found(SOME, **query)] == positions


def test_what_is_found(found):
    [one] = found(SOME, ids=(ADDRESS,))
    assert (one.channel, one.object_id, one.version, one.name, one.member, one.marking, one.content) == (
        20,
        ADDRESS,
        "",
        "192.0.2.1",
        "bb",
        4,
        b"0",
    )
    assert one.added == 1003


def test_content_only_when_asked_for(found):
    assert {one.content for one in found(SOME, content=False)} == {None}


def test_of_two_copies_of_a_version_the_first_is_shown_and_of_an_observable_the_last(found):
    copies = [
        row(0, body=b"first"),
        row(1, body=b"copy"),
        row(2, ADDRESS, "", body=b"x"),
        row(3, ADDRESS, "", body=b"y"),
    ]
    assert [one.content for one in found(copies, versions=("last",))] == [b"first", b"y"]


def test_the_last_version_is_by_its_date_and_within_its_channel(found):
    rows = [row(0, ID, V3), row(1, ID, V1), row(0, ID, V2, log=2)]
    assert [one.position for one in found(rows, versions=("last",))] == [1, 3]


def test_indexing_again_changes_nothing(database, found):
    before = found(SOME)

    async def main():
        await database.write(lambda tx: Search(lambda log: log * 10).handle(read(tx, 0, 999), tx))
        return await database.read(lambda db: find(db, Query()))

    assert run(main) == before


def test_known_content_and_dates(database, found):
    found([*SOME, *(row(10 + i, f"tool--{i:08x}-0000-4000-8000-000000000000") for i in range(600))])

    async def main():
        ids = [ID, "tool--ffffffff-0000-4000-8000-000000000000"] + [
            f"tool--{i:08x}-0000-4000-8000-000000000000" for i in range(600)
        ]
        held = await database.read(lambda db: known(db, ids))
        assert sorted(held[ID]) == [(V1, "aa", 1, 10, 1), (V2, "aa", 1, 10, 6)]
        assert len(held) == 601
        assert await database.read(lambda db: content(db, 2)) == b"1"
        assert await database.read(lambda db: content(db, 9999)) is None
        for moment, position in ((0, 0), (999, 0), (1000, 1), (1003, 4), (10**9, 606)):
            assert await database.read(lambda db, m=moment: added_at(db, m)) == position

    run(main)


def test_dates_of_an_empty_journal(database):
    async def main():
        assert await database.read(lambda db: added_at(db, 10**15)) == 0

    run(main)


@pytest.mark.parametrize(
    ("version", "instant"),
    [("", 0), ("1970-01-01T00:00:01Z", 1_000_000), ("2026-01-01T00:00:00.1234569Z", 1_767_225_600_123_456)],
)
def test_versions_as_instants(version, instant):
    assert instant_of(version) == instant


@pytest.fixture
def hidden(database):
    """hidden(hides, **query): as found, with these hidden; a fifth element True takes it back again."""

    def ask(hides, **query):
        async def main():
            def work(tx):
                for object_id, member, why, *back in hides:
                    hide(tx, object_id, member, why, 1)
                    hide(tx, object_id, member, why, 2)
                    if back:
                        unhide(tx, object_id, member, why)
                append(tx, [*SOME, row(4, TOOL, V3, member="bb", log=2)], 1000)
                Search(lambda log: 10).handle(read(tx, 0, 999), tx)

            await database.write(work)
            return await database.read(lambda db: [one.position for one in find(db, Query(**query))])

        return run(main)

    return ask


@pytest.mark.parametrize(
    ("hides", "query", "positions"),
    [
        ([], {}, [1, 2, 4, 6, 7]),
        ([(ID, "aa", "recalled")], {}, [2, 4, 7]),
        ([(ID, "bb", "recalled")], {}, [1, 2, 4, 6, 7]),
        ([(TOOL, "", "suspended")], {}, [1, 4, 6]),
        ([("", "bb", "blocked")], {}, [1, 2, 6]),
        ([("", "bb", "blocked")], {"ids": (TOOL,), "versions": ("last",)}, [2]),
        ([("", "aa", "blocked")], {"ids": (TOOL,), "versions": ("first",)}, [7]),
        ([("", "bb", "blocked", True)], {}, [1, 2, 4, 6, 7]),
        ([(ID, "aa", "recalled", True), (ID, "aa", "suspended")], {}, [2, 4, 7]),
        ([(ID, "aa", "recalled"), ("", "bb", "blocked")], {"hidden": True}, [1, 2, 4, 6, 7]),
    ],
)
def test_what_is_hidden_is_found_by_nobody_and_another_copy_stands_for_it(hidden, hides, query, positions):
    assert hidden(hides, **query) == positions


def test_nothing_is_hidden_without_object_and_member_or_for_no_known_reason(database):
    for object_id, member, why in (("", "", "recalled"), (ID, "aa", "disliked")):
        with pytest.raises(RuntimeError):
            run(lambda o=object_id, m=member, w=why: database.write(lambda tx: hide(tx, o, m, w, 1)))


def test_why_something_is_hidden_can_be_asked(database):
    def work(tx):
        hide(tx, ID, "aa", "recalled", 1)
        hide(tx, ID, "", "suspended", 1)
        hide(tx, "", "aa", "blocked", 1)
        return [reasons(tx, ID, "aa"), reasons(tx, ID, "bb"), reasons(tx, TOOL, "bb")]

    told = run(lambda: database.write(work))
    assert told == [["blocked", "recalled", "suspended"], ["suspended"], []]


def test_what_was_to_be_kept_until_before_now_is_not_found_though_it_is_still_there(database):
    def work(tx):
        append(tx, [row(0), row(1, TOOL)._replace(keep_until=50), row(2, ADDRESS, "")._replace(keep_until=None)], 1000)
        Search(lambda log: 10).handle(read(tx, 0, 999), tx)
        return [[one.position for one in find(tx, Query(now_us=now))] for now in (0, 49, 50, 51)]

    assert run(lambda: database.write(work)) == [[1, 2, 3], [1, 2, 3], [1, 3], [1, 3]]


def test_nobody_replaces_what_another_said_first(found):
    rows = [row(0), row(0, version=V3, log=1, member="bb"), row(1, version=V2), row(0, version=V3, member="cc")]
    rows = [one._replace(seq=i) for i, one in enumerate(rows)]
    assert [(one.member, one.version) for one in found(rows, versions=("last",))] == [("aa", V2)]
    assert [(one.member, one.version) for one in found([], versions=("first",))] == [("aa", V1)]
    assert len(found([])) == 4, "every word is there beside the others"


def test_the_owners_word_is_the_one_wherever_it_speaks(database, found):
    rows = [row(0, member="bb"), row(1, version=V2), row(0, version=V3, log=2, member="cc")]

    async def main():
        await database.write(lambda tx: contest(tx, ID, "bb"))
        await database.write(lambda tx: contest(tx, ID, "aa"))

    run(main)
    assert [(one.channel, one.member) for one in found(rows, versions=("last",))] == [(10, "aa"), (20, "cc")]
