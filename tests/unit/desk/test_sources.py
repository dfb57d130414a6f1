"""How a source stands after each time of asking, and the register of them."""

import asyncio
from contextlib import closing

import apsw
import pytest

from tocsin.backends.sqlite.database import InlineDatabase, create_tables
from tocsin.desk import register, tables
from tocsin.desk.register import Register, auth_of
from tocsin.desk.sources import Auth, Health, Kind, Outcome, Source, State, after, standing
from tocsin.errors import AccessError, ConfigError

DAY_US = 86_400_000_000
SOURCE = Source("harbour", Kind.FEED, "https://example.org/feed.xml", every_s=600)


def test_a_good_answer_keeps_its_validators_and_an_unchanged_one_leaves_them():
    good = after(SOURCE, Health(), Outcome(200, etag='"a"', modified="Tue", documents=3), 1_000)
    assert (good.state, good.etag, good.documents, good.next_us) == (State.OK, '"a"', 3, 1_000 + 600_000_000)
    same = after(SOURCE, good, Outcome(304), 2_000)
    assert (same.state, same.etag, same.modified, same.documents) == (State.OK, '"a"', "Tue", 3)


def test_failures_double_the_pause_to_a_day_and_one_success_ends_them():
    health = Health()
    waits = []
    for _ in range(12):
        health = after(SOURCE, health, Outcome(503), 0)
        waits.append(health.next_us)
    assert waits[0] == 1_200_000_000
    assert waits == sorted(waits)
    assert waits[-1] == DAY_US
    assert health.state is State.FAILING
    assert after(SOURCE, health, Outcome(200), 0).failures == 0


def test_who_asks_to_be_left_alone_is_left_alone():
    assert after(SOURCE, Health(), Outcome(429, retry_after_s=7_200), 0).next_us == 7_200_000_000


@pytest.mark.parametrize("status", [401, 402, 403, 410, 451])
def test_what_was_given_and_is_taken_away_is_withdrawn(status):
    health = after(SOURCE, Health(state=State.OK, good_us=5), Outcome(status), 0)
    assert (health.state, health.code, health.next_us) == (State.WITHDRAWN, "desk.withdrawn", DAY_US)


def test_a_page_not_found_is_withdrawn_only_after_it_was_there_and_has_stayed_away():
    health = Health(state=State.OK, good_us=5)
    states = []
    for _ in range(3):
        health = after(SOURCE, health, Outcome(404), 0)
        states.append(health.state)
    assert states == [State.FAILING, State.FAILING, State.WITHDRAWN]
    never = Health()
    for _ in range(5):
        never = after(SOURCE, never, Outcome(404), 0)
    assert never.state is State.FAILING


def test_a_persons_pause_is_shown_before_everything_else():
    assert standing(Source("a", Kind.PAGE, "https://e.org", paused=True), Health(state=State.OK)) is State.PAUSED


@pytest.fixture
def shelf():
    connection = apsw.Connection(":memory:")
    with closing(connection):
        create_tables(connection, (tables.TABLES,))
        yield Register(InlineDatabase(connection))


def run(work):
    return asyncio.run(work)


def test_sources_are_added_listed_paused_and_removed(shelf):
    run(shelf.add(SOURCE))
    with pytest.raises(ConfigError) as error:
        run(shelf.add(SOURCE))
    assert error.value.code == "desk.source-exists"
    assert [one.name for _, one, _ in run(shelf.due(0, 10))] == ["harbour"]
    run(shelf.change("harbour", paused=True))
    assert run(shelf.due(0, 10)) == []
    run(shelf.change("harbour", paused=False, letter="B"))
    number, source, _ = run(shelf.get("harbour"))
    assert source.letter == "B"
    run(shelf._database.write(lambda tx: register.stand(tx, number, Health(next_us=99))))
    assert run(shelf.due(98, 10)) == []
    assert len(run(shelf.due(99, 10))) == 1
    run(shelf.remove("harbour"))
    with pytest.raises(AccessError) as gone:
        run(shelf.get("harbour"))
    assert gone.value.code == "desk.unknown-source"


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Harbour News"},
        {"name": ""},
        {"url": "file:///etc/passwd"},
        {"url": "gopher://example.org/"},
        {"url": "https://"},
        {"every_s": 5},
        {"letter": "G"},
        {"letter": ""},
        {"follow": 101},
        {"follow": -1},
        {"token": "a\nX-Other: b"},
        {"token": "s\u00e9same"},
        {"token": "no-colon", "auth": Auth.BASIC},
    ],
)
def test_what_can_be_no_source_is_refused(shelf, wrong):
    told = {"name": "a", "kind": Kind.FEED, "url": "https://e.org/f", **wrong}
    with pytest.raises(ConfigError) as error:
        run(shelf.add(Source(**told)))
    assert error.value.code == "config.value"
    assert run(shelf.all()) == []


def test_a_token_is_told_as_the_source_wants_it_and_shown_nowhere():
    def told(token, auth):
        return Source("a", Kind.TAXII, "https://e.org/", token=token, auth=auth).authorization

    assert told("", Auth.BASIC) == ""
    assert told("t0k", Auth.BEARER) == "Bearer t0k"
    assert told("Bearer t0k", Auth.BEARER) == "Bearer t0k"
    assert told("amira:pass", Auth.BASIC) == "Basic YW1pcmE6cGFzcw=="
    assert told("t0k", Auth.KEY) == "t0k"
    assert "t0k" not in repr(Source("a", Kind.TAXII, "https://e.org/", token="t0k"))
    assert (auth_of("", Kind.MISP), auth_of("", Kind.TAXII)) == (Auth.KEY, Auth.BEARER)
    with pytest.raises(ConfigError):
        auth_of("digest", Kind.TAXII)


def test_a_fault_says_which_it_is_and_what_is_left_is_asked_for_again():
    known = Source("a", Kind.TAXII, "https://e.org/", token="t0k")
    assert after(known, Health(), Outcome(403), 0).code == "desk.token-refused"
    assert after(SOURCE, Health(), Outcome(403), 0).code == "desk.withdrawn"
    assert after(SOURCE, Health(), Outcome(503), 0).code == "desk.told-to-wait"
    left = after(SOURCE, Health(etag='"a"'), Outcome(200, etag='"b"', more=True, retry_after_s=7_200), 0)
    assert (left.etag, left.next_us) == ("", 7_200_000_000)
    page = after(known, Health(), Outcome(200, page="7"), 0)
    assert after(known, page, Outcome(400), 0).page == ""  # a page that is no longer known: from the beginning
    done = after(known, page, Outcome(200, added="2026-11-20T08:00:00Z"), 0)
    assert (done.added, after(known, done, Outcome(200), 0).added) == ("2026-11-20T08:00:00Z",) * 2


def test_another_address_forgets_what_was_learned_of_the_old_one(shelf):
    run(shelf.add(SOURCE))
    number, _, _ = run(shelf.get("harbour"))
    learned = Health(State.WITHDRAWN, next_us=99, etag='"a"', documents=5, added="2026-11-20T08:00:00Z")
    run(shelf._database.write(lambda tx: register.stand(tx, number, learned)))
    run(shelf.change("harbour", letter="B"))
    assert run(shelf.get("harbour"))[2] == learned
    run(shelf.change("harbour", token="t0k"))
    assert run(shelf.get("harbour"))[2].next_us == 0
    run(shelf.change("harbour", url="https://example.org/other"))
    assert run(shelf.get("harbour"))[2] == Health(documents=5)
    assert len(run(shelf.due(0, 10))) == 1
