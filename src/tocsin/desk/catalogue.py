"""The catalogue of stories: a row for the list of each, found by what it is about, and what people decided of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.desk.document import Act
from tocsin.desk.shown import Hit, Listed
from tocsin.ports.database import Reading, Transaction

OPEN: Final = "open"
FOLLOWED: Final = "followed"
STATES: Final = (OPEN, FOLLOWED, "dismissed")
_LISTED: Final = msgspec.msgpack.Decoder(Listed)
_ACT: Final = msgspec.msgpack.Decoder(Act)


def put(tx: Transaction, listed: Listed) -> None:
    """Write a story's row and its keys, in place of what was there."""
    tx.execute("DELETE FROM desk_keys WHERE story = ?", (listed.id,))
    tx.execute(
        "INSERT INTO desk_stories (id, last_us, state, shown) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET last_us = excluded.last_us, state = excluded.state, shown = excluded.shown",
        (listed.id, listed.last_us, listed.state, msgspec.msgpack.encode(listed)),
    )
    tx.execute_many(
        "INSERT INTO desk_keys (key, last_us, story) VALUES (?, ?, ?)",
        [(key, listed.last_us, listed.id) for key in sorted(keys(listed))],
    )


def drop(tx: Transaction, story: str, into: str) -> None:
    """A story was merged into another: what people made of it goes with it, what they said of the other stands."""
    tx.execute(
        "INSERT INTO desk_judged (story, value, taken, by, at_us)"
        " SELECT ?, value, taken, by, at_us FROM desk_judged WHERE story = ? ON CONFLICT DO NOTHING",
        (into, story),
    )
    tx.execute(
        "INSERT INTO desk_hits (interest, story, at_us)"
        " SELECT interest, ?, at_us FROM desk_hits WHERE story = ? ON CONFLICT DO NOTHING",
        (into, story),
    )
    tables = (("desk_judged", "story"), ("desk_hits", "story"), ("desk_keys", "story"), ("desk_stories", "id"))
    for table, column in tables:
        tx.execute(f"DELETE FROM {table} WHERE {column} = ?", (story,))  # noqa: S608 - constants only


def keys(listed: Listed) -> set[str]:
    """By what a story is found."""
    return {
        f"state:{listed.state}",
        *(f"topic:{one}" for one in listed.topics),
        *(f"country:{one}" for one in listed.countries),
        *(f"language:{one}" for one in listed.languages if one),
    }


def page(db: Reading, wanted: Sequence[str], before: tuple[int, str], limit: int) -> list[Listed]:
    """Stories that have all of these keys, the newest first, from `before` on."""
    sql, args = query(wanted, before, limit)
    return [_LISTED.decode(row[0]) for row in db.query(sql, args)]


def query(wanted: Sequence[str], before: tuple[int, str], limit: int) -> tuple[str, tuple[int | str, ...]]:
    """The statement of a page: by one index from its newest end, with a look-up in the primary key for each other key."""
    if not wanted:
        return (
            "SELECT shown FROM desk_stories WHERE (last_us, id) < (?, ?) ORDER BY last_us DESC, id DESC LIMIT ?",
            (*before, limit),
        )
    first, *more = wanted
    also = "".join(
        f" JOIN desk_keys k{n} ON k{n}.key = ? AND k{n}.last_us = k.last_us AND k{n}.story = k.story"
        for n in range(len(more))
    )
    sql = (
        f"SELECT s.shown FROM desk_keys k{also} JOIN desk_stories s ON s.id = k.story"  # noqa: S608 - constants only
        " WHERE k.key = ? AND (k.last_us, k.story) < (?, ?) ORDER BY k.last_us DESC, k.story DESC LIMIT ?"
    )
    return sql, (*more, first, *before, limit)


def rows(db: Reading, stories: Iterable[str]) -> list[Listed]:
    """The rows of these stories, without those that are not here."""
    found = (db.query("SELECT shown FROM desk_stories WHERE id = ?", (one,)) for one in stories)
    return [_LISTED.decode(one[0][0]) for one in found if one]


def beginning(db: Reading, text: str) -> list[str]:
    """At most two stories whose id begins so."""
    found = db.query("SELECT id FROM desk_stories WHERE id >= ? AND id < ? ORDER BY id LIMIT 2", (text, text + "g"))
    return [str(row[0]) for row in found]


def counts(db: Reading) -> tuple[int, int]:
    """(documents, stories)."""
    documents = db.query("SELECT COUNT(*) FROM desk_documents")[0][0]
    return int(documents), int(db.query("SELECT COUNT(*) FROM desk_stories")[0][0])


# -- what people decided ----------------------------------------------------------------------------------------------


def acts(db: Reading) -> list[Act]:
    """Every merge and split, in their order."""
    return [_ACT.decode(row[0]) for row in db.query("SELECT body FROM desk_acts ORDER BY number")]


def remember(tx: Transaction, act: Act) -> None:
    """Write an act down."""
    tx.execute("INSERT INTO desk_acts (body) VALUES (?)", (msgspec.msgpack.encode(act),))


def judge(tx: Transaction, story: str, value: str, taken: bool | None, who: tuple[str, int]) -> None:
    """Write down what a person made of a finding; None: nothing any more."""
    tx.execute("DELETE FROM desk_judged WHERE story = ? AND value = ?", (story, value))
    if taken is not None:
        tx.execute(
            "INSERT INTO desk_judged (story, value, taken, by, at_us) VALUES (?, ?, ?, ?, ?)",
            (story, value, int(taken), *who),
        )


def judged(db: Reading, story: str) -> Mapping[str, tuple[bool, str]]:
    """Value: whether it was accepted, and by whom."""
    found = db.query("SELECT value, taken, by FROM desk_judged WHERE story = ?", (story,))
    return {str(value): (bool(taken), str(by)) for value, taken, by in found}


# -- standing interests -----------------------------------------------------------------------------------------------


def met(tx: Transaction, hits: Iterable[tuple[str, str]], at_us: int) -> None:
    """Write down which interest a story met, each once."""
    tx.execute_many(
        "INSERT INTO desk_hits (interest, story, at_us) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        [(interest, story, at_us) for interest, story in hits],
    )


def hits_of(db: Reading, story: str) -> list[str]:
    """The interests that a story met."""
    return [str(row[0]) for row in db.query("SELECT interest FROM desk_hits WHERE story = ? ORDER BY number", (story,))]


def hits(db: Reading, limit: int) -> list[Hit]:
    """What was met, the newest first."""
    found = db.query(
        "SELECT h.interest, h.story, s.shown, h.at_us FROM desk_hits h JOIN desk_stories s ON s.id = h.story"
        " ORDER BY h.number DESC LIMIT ?",
        (limit,),
    )
    return [Hit(str(one[0]), str(one[1]), _LISTED.decode(one[2]).title, int(one[3])) for one in found]


# -- drafts -----------------------------------------------------------------------------------------------------------


def drafted(db: Reading, report: str) -> int:
    """When a report was drafted first; 0: never."""
    found = db.query("SELECT at_us FROM desk_drafts WHERE id = ?", (report,))
    return int(found[0][0]) if found else 0


def keep_draft(tx: Transaction, report: str, story: str, who: tuple[str, int], body: bytes) -> None:
    """Keep a draft; the moment of the first one stays."""
    tx.execute(
        "INSERT INTO desk_drafts (id, story, by, at_us, body) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET story = excluded.story, body = excluded.body",
        (report, story, *who, body),
    )
