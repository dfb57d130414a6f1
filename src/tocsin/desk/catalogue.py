"""The catalogue of stories: a row for the list of each, found by what it is about, and what people decided of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.desk.document import Act
from tocsin.desk.shown import Hit, Listed
from tocsin.ports.database import Reading, Transaction

OPEN: Final = "open"
FOLLOWED: Final = "followed"
STATES: Final = (OPEN, FOLLOWED, "dismissed")
OF_INTEREST: Final = "interest:any"
"""The key of stories that met any of our standing interests; of which it says nothing."""
_HITS: Final = "SELECT h.interest, h.story, s.shown, h.at_us FROM desk_hits h JOIN desk_stories s ON s.id = h.story"
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
    if hits_of(tx, listed.id):
        _of_interest(tx, listed.id)


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
    tables = (
        ("desk_generated", "story"),
        ("desk_judged", "story"),
        ("desk_hits", "story"),
        ("desk_keys", "story"),
        ("desk_stories", "id"),
    )
    for table, column in tables:
        tx.execute(f"DELETE FROM {table} WHERE {column} = ?", (story,))  # noqa: S608 - constants only


def keys(listed: Listed) -> set[str]:
    """By what a story is found."""
    return {
        f"state:{listed.state}",
        *(f"topic:{one}" for one in listed.topics),
        *(f"country:{one}" for one in listed.countries),
        *(f"language:{one}" for one in listed.languages if one),
        *(f"word:{one}" for one in listed.words),
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
    number = int(tx.query("SELECT MAX(number) FROM desk_acts")[0][0])
    tx.execute_many(
        "INSERT INTO desk_acts_of (document, number) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(one, number) for one in (*act.left, *act.right)],
    )


def act(db: Reading, number: int) -> Act | None:
    """What was decided, by its number."""
    rows = db.query("SELECT body FROM desk_acts WHERE number = ?", (number,))
    return _ACT.decode(rows[0][0]) if rows else None


def acts_of(db: Reading, documents: Iterable[str], limit: int) -> list[tuple[int, Act]]:
    """(number, act) of what was decided about any of these documents, the newest first."""
    numbers = {
        int(row[0])
        for one in documents
        for row in db.query(
            "SELECT number FROM desk_acts_of WHERE document = ? ORDER BY number DESC LIMIT ?", (one, limit)
        )
    }
    found = [(one, db.query("SELECT body FROM desk_acts WHERE number = ?", (one,))) for one in sorted(numbers)[-limit:]]
    return [(number, _ACT.decode(rows[0][0])) for number, rows in reversed(found) if rows]


def decline(tx: Transaction, note: str, who: tuple[str, int]) -> None:
    """Write down that another member's decision is not followed here."""
    tx.execute("INSERT INTO desk_declined (note, by, at_us) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (note, *who))


def declined(db: Reading, notes: Iterable[str]) -> set[str]:
    """Those of these that are not followed here."""
    return {one for one in notes if db.query("SELECT 1 FROM desk_declined WHERE note = ?", (one,))}


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


def met(tx: Transaction, hits: Iterable[tuple[str, str]], at_us: int) -> list[tuple[int, str]]:
    """Write down which interest a story met, each once. (number, story) of those that were not met before."""
    fresh = []
    for interest, story in hits:
        if not tx.query("SELECT 1 FROM desk_hits WHERE interest = ? AND story = ?", (interest, story)):
            tx.execute("INSERT INTO desk_hits (interest, story, at_us) VALUES (?, ?, ?)", (interest, story, at_us))
            fresh.append((newest_hit(tx), story))
            _of_interest(tx, story)
    return fresh


def _of_interest(tx: Transaction, story: str) -> None:
    tx.execute(
        "INSERT INTO desk_keys (key, last_us, story) SELECT ?, last_us, id FROM desk_stories WHERE id = ?"
        " ON CONFLICT DO NOTHING",
        (OF_INTEREST, story),
    )


def forget(tx: Transaction, interest: str) -> None:
    """Nobody looks for it any more: what met it is told no longer."""
    stories = [str(row[0]) for row in tx.query("SELECT story FROM desk_hits WHERE interest = ?", (interest,))]
    tx.execute("DELETE FROM desk_hits WHERE interest = ?", (interest,))
    for one in stories:
        if not hits_of(tx, one):
            tx.execute("DELETE FROM desk_keys WHERE story = ? AND key = ?", (one, OF_INTEREST))


def newest_hit(db: Reading) -> int:
    """The number of the newest; 0: there is none."""
    return int(db.query("SELECT COALESCE(MAX(number), 0) FROM desk_hits")[0][0])


def numbered(db: Reading, numbers: Iterable[int]) -> dict[int, Hit]:
    """What was met, by its number; without what is told no longer."""
    found = ((one, db.query(f"{_HITS} WHERE h.number = ?", (one,))) for one in numbers)
    return {one: _hit(rows[0]) for one, rows in found if rows}


def paged(db: Reading) -> int:
    """Up to which of them our analysts were paged."""
    return int(db.query("SELECT COALESCE(MAX(number), 0) FROM desk_paged")[0][0])


def page_of(tx: Transaction, number: int) -> None:
    """Write down up to which of them our analysts were paged."""
    tx.execute(
        "INSERT INTO desk_paged (one, number) VALUES (1, ?) ON CONFLICT (one) DO UPDATE SET number = excluded.number",
        (number,),
    )


def hits_of(db: Reading, story: str) -> list[str]:
    """The interests that a story met."""
    return [str(row[0]) for row in db.query("SELECT interest FROM desk_hits WHERE story = ? ORDER BY number", (story,))]


def hits(db: Reading, limit: int) -> list[Hit]:
    """What was met, the newest first."""
    return [_hit(row) for row in db.query(f"{_HITS} ORDER BY h.number DESC LIMIT ?", (limit,))]


def _hit(row: Sequence[Any]) -> Hit:
    listed = _LISTED.decode(row[2])
    return Hit(str(row[0]), str(row[1]), listed.title, int(row[3]), listed.state)


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
