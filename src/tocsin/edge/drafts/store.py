"""The drafts of a node in its store: what was given byte for byte, what was said of it, how far it is. Bounded in number,
size and age; every step from one state to the next is one transaction, so that two at once cannot both take it.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import msgspec

from tocsin.errors import AccessError, PolicyError
from tocsin.ports.clock import Clock
from tocsin.ports.database import Database, Reading, Transaction
from tocsin.ports.entropy import Entropy

TABLES: Final = """
CREATE TABLE IF NOT EXISTS edge_drafts (
  id      TEXT PRIMARY KEY,  -- 32 hexadecimal digits by chance
  owner   TEXT NOT NULL,     -- edge_people.name
  kind    TEXT NOT NULL,     -- Kind
  state   TEXT NOT NULL,     -- State
  title   TEXT NOT NULL,
  said    TEXT NOT NULL,     -- JSON: what the forms said, and what was found in a text
  shown   TEXT NOT NULL,     -- JSON: what the owner was shown before sealing
  digest  TEXT NOT NULL,     -- of the plan that was shown (publish.audience)
  due     INTEGER NOT NULL,  -- sealing not before, microseconds since 1970 as all times here
  second  TEXT NOT NULL,     -- who approved or declined
  outcome TEXT NOT NULL,     -- JSON: how the last step ended
  size    INTEGER NOT NULL,  -- bytes that were given
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS edge_drafts_owner ON edge_drafts (owner, changed);
CREATE INDEX IF NOT EXISTS edge_drafts_state ON edge_drafts (state, due);
CREATE TABLE IF NOT EXISTS edge_draft_parts (
  draft TEXT NOT NULL,
  what  TEXT NOT NULL,       -- "given", or "objects": what another program made of it
  seq   INTEGER NOT NULL,
  data  BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS edge_draft_parts_place ON edge_draft_parts (draft, what, seq);
CREATE TABLE IF NOT EXISTS edge_audiences (
  topic   TEXT NOT NULL,
  channel TEXT NOT NULL,     -- its id
  used    INTEGER NOT NULL,
  PRIMARY KEY (topic, channel)
);
"""
MIGRATIONS: Final[Mapping[int, str]] = MappingProxyType({})  # see node/tables.py
GIVEN, OBJECTS = "given", "objects"
MOST_BYTES: Final = 16 * 1024 * 1024
"""Of one draft."""
MOST_OF_ONE: Final = 40
"""Drafts of one person that are not sealed."""
_MOST_IN_ALL: Final = 512 * 1024 * 1024
_LONGEST_US: Final = 30 * 86_400_000_000
_PART: Final = 1024 * 1024
_LAST_USED: Final = 5
_COLUMNS: Final = "id, owner, kind, state, title, said, shown, digest, due, second, outcome, size, created, changed"


class Kind(StrEnum):
    """What was given."""

    REPORT = "report"
    INDICATOR = "indicator"
    WARNING = "warning"
    STIX = "stix"
    MISP = "misp"
    TEXT = "text"


class State(StrEnum):
    """How far a draft is."""

    READING = "reading"  # what was given is being turned into objects
    OPEN = "open"  # its handling is to be chosen
    CHECKING = "checking"
    READY = "ready"  # its audience is shown
    APPROVAL = "approval"  # waits for a second person
    SEALING = "sealing"  # may be taken back until `due`
    COMMITTING = "committing"
    SEALED = "sealed"


MOVING: Final = (State.READING, State.CHECKING, State.SEALING, State.COMMITTING)
"""States that the node itself leads out of."""
_AT_REST: Final = (State.OPEN, State.READY, State.APPROVAL, State.READING, State.CHECKING, State.SEALED)


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft as it stands."""

    id: str
    owner: str
    kind: Kind
    state: State
    title: str
    said: Mapping[str, Any]
    shown: Mapping[str, Any]
    digest: str
    due: int
    second: str
    outcome: Mapping[str, Any]
    size: int
    created: int
    changed: int


class New(NamedTuple):
    """A draft to be kept."""

    owner: str
    kind: Kind
    state: State
    title: str
    said: Mapping[str, Any]
    given: bytes


@dataclass(frozen=True, slots=True)
class Drafts:
    """All of a node."""

    database: Database
    clock: Clock
    entropy: Entropy

    async def add(self, new: New) -> str:
        """Keep what was given; its id. Raises AccessError("access.too-large", "access.drafts")."""
        if len(new.given) > MOST_BYTES:
            raise AccessError("access.too-large", f"a draft has at most {MOST_BYTES} bytes")
        now, id_ = self.clock.now_us(), self.entropy.bytes(16).hex()
        await self.clear()
        await self.database.write(lambda tx: _make_room(tx, new.owner, len(new.given)))
        await self.keep(id_, GIVEN, new.given)
        row = (
            id_, new.owner, new.kind, new.state, new.title[:256], _json(new.said), "{}", "", 0, "", "{}",
            len(new.given), now, now,
        )  # fmt: skip
        marks = ", ".join("?" * len(row))
        sql = f"INSERT INTO edge_drafts ({_COLUMNS}) VALUES ({marks})"  # noqa: S608 - of our own constants only
        await self.database.write(lambda tx: tx.execute(sql, row))
        return id_

    async def keep(self, id_: str, what: str, data: bytes) -> None:
        """Keep bytes of a draft in the place of what was there, in parts that hold up no other writer for long."""
        await self.database.write(
            lambda tx: tx.execute("DELETE FROM edge_draft_parts WHERE draft = ? AND what = ?", (id_, what))
        )
        for seq, at in enumerate(range(0, len(data), _PART)):
            part = data[at : at + _PART]
            await self.database.write(partial(_keep_part, row=(id_, what, seq, part)))

    async def bytes_of(self, id_: str, what: str = GIVEN) -> AsyncIterator[bytes]:
        """What was kept, part by part."""
        seq = 0
        while True:
            rows = await self.database.read(partial(_part, key=(id_, what, seq)))
            if not rows:
                return
            yield rows[0][0]
            seq += 1

    async def one(self, id_: str) -> Draft | None:
        """A draft, if there is one."""
        return await self.database.read(lambda db: _one(db, id_))

    async def of(self, owner: str) -> list[Draft]:
        """A person's drafts, what was changed last first; sealed ones at the end."""
        sql = (
            f"SELECT {_COLUMNS} FROM edge_drafts WHERE owner = ?"  # noqa: S608 - of our own constants only
            " ORDER BY state = 'sealed', changed DESC LIMIT ?"
        )
        return await self.database.read(lambda db: [_draft(one) for one in db.query(sql, (owner, MOST_OF_ONE))])

    async def standing(self, state: State, limit: int = 100) -> list[Draft]:
        """Drafts in a state, the oldest first."""
        sql = f"SELECT {_COLUMNS} FROM edge_drafts WHERE state = ? ORDER BY changed LIMIT ?"  # noqa: S608 - likewise
        return await self.database.read(lambda db: [_draft(one) for one in db.query(sql, (state, limit))])

    async def moving(self) -> list[Draft]:
        """What the node has to do something about, the one that is due first."""
        sql = (
            f"SELECT {_COLUMNS} FROM edge_drafts WHERE state IN (?, ?, ?, ?)"  # noqa: S608 - likewise
            " ORDER BY due, changed LIMIT 100"
        )
        return await self.database.read(lambda db: [_draft(one) for one in db.query(sql, MOVING)])

    async def move(self, id_: str, before: Sequence[State], *, seen: str | None = None, **changes: Any) -> Draft:
        """From one of these states on; with `seen` only while it is shown with this digest.

        Raises PolicyError("policy.draft-moved") when somebody else was faster, PolicyError("policy.audience-changed")
        when it is shown with another digest by now.
        """
        named = {key: _json(one) if isinstance(one, Mapping) else one for key, one in changes.items()}
        named["changed"] = self.clock.now_us()
        return await self.database.write(lambda tx: _move(tx, id_, before, named, seen))

    async def remove(self, id_: str, before: Sequence[State] = _AT_REST) -> None:
        """Forget a draft that is in one of these states: not under way. Raises PolicyError("policy.draft-moved")."""
        await self.move(id_, before, title="")
        await self.database.write(lambda tx: _remove(tx, [id_]))

    async def forget_bytes(self, id_: str) -> None:
        """What is sealed stands in the journal; here it need not stand again."""
        await self.database.write(lambda tx: tx.execute("DELETE FROM edge_draft_parts WHERE draft = ?", (id_,)))

    async def clear(self) -> None:
        """Drafts that nobody has touched for 30 days go."""
        await self.database.write(partial(_clear, before=self.clock.now_us() - _LONGEST_US))

    async def orphans(self) -> None:
        """Parts of drafts that a crash kept from being made; before anybody adds one."""
        await self.database.write(
            lambda tx: tx.execute("DELETE FROM edge_draft_parts WHERE draft NOT IN (SELECT id FROM edge_drafts)")
        )

    # -- for whom ---------------------------------------------------------------------------------------------------

    async def used(self, topic: str, channel: str) -> None:
        """Something on this topic was sealed for a channel."""
        now = self.clock.now_us()
        await self.database.write(
            lambda tx: tx.execute(
                "INSERT INTO edge_audiences (topic, channel, used) VALUES (?, ?, ?) "
                "ON CONFLICT (topic, channel) DO UPDATE SET used = excluded.used",
                (topic, channel, now),
            )
        )

    async def last_used(self, topic: str) -> list[str]:
        """Ids of the channels used last for a topic, the newest first."""
        rows = await self.database.read(
            lambda db: db.query(
                "SELECT channel FROM edge_audiences WHERE topic = ? ORDER BY used DESC LIMIT ?", (topic, _LAST_USED)
            )
        )
        return [row[0] for row in rows]


def _json(value: Mapping[str, Any]) -> str:
    return msgspec.json.encode(value).decode()


def _draft(row: tuple[Any, ...]) -> Draft:
    id_, owner, kind, state, title, said, shown, digest, due, second, outcome, size, created, changed = row
    decode = msgspec.json.decode
    return Draft(
        id_, owner, Kind(kind), State(state), title, decode(said), decode(shown), digest, due, second, decode(outcome),
        size, created, changed,
    )  # fmt: skip


def _one(reading: Reading, id_: str) -> Draft | None:
    rows = reading.query(f"SELECT {_COLUMNS} FROM edge_drafts WHERE id = ?", (id_,))  # noqa: S608 - our own constants
    return _draft(rows[0]) if rows else None


def _part(reading: Reading, key: tuple[str, str, int]) -> list[tuple[Any, ...]]:
    return reading.query("SELECT data FROM edge_draft_parts WHERE draft = ? AND what = ? AND seq = ?", key)


def _keep_part(tx: Transaction, row: tuple[str, str, int, bytes]) -> None:
    tx.execute("INSERT INTO edge_draft_parts (draft, what, seq, data) VALUES (?, ?, ?, ?)", row)


def _make_room(tx: Transaction, owner: str, size: int) -> None:
    count = tx.query("SELECT count(*) FROM edge_drafts WHERE owner = ? AND state <> 'sealed'", (owner,))[0][0]
    if count >= MOST_OF_ONE:
        raise AccessError("access.drafts", f"one person keeps at most {MOST_OF_ONE} drafts")
    held = tx.query("SELECT coalesce(sum(size), 0) FROM edge_drafts WHERE state <> 'sealed'")[0][0]
    if held + size > _MOST_IN_ALL:
        raise AccessError("access.drafts", "the drafts of this node take all the room they may")
    sealed = tx.query(
        "SELECT id FROM edge_drafts WHERE owner = ? AND state = 'sealed' ORDER BY changed DESC LIMIT 1000 OFFSET ?",
        (owner, MOST_OF_ONE),
    )
    _remove(tx, [row[0] for row in sealed])


def _move(tx: Transaction, id_: str, before: Sequence[State], changes: Mapping[str, Any], seen: str | None) -> Draft:
    found = _one(tx, id_)
    if found is None or found.state not in before:
        raise PolicyError("policy.draft-moved", "the draft is not as it was shown any more")
    if seen is not None and found.digest != seen:
        raise PolicyError("policy.audience-changed", "the audience or what would be sealed is not what was shown")
    names = ", ".join(f"{name} = ?" for name in changes)
    tx.execute(f"UPDATE edge_drafts SET {names} WHERE id = ?", (*changes.values(), id_))  # noqa: S608 - our own names
    changed = _one(tx, id_)
    if changed is None:
        raise RuntimeError("a row that was changed is there")
    return changed


def _clear(tx: Transaction, before: int) -> None:
    rows = tx.query("SELECT id FROM edge_drafts WHERE changed < ? AND state <> 'committing' LIMIT 100", (before,))
    _remove(tx, [row[0] for row in rows])


def _remove(tx: Transaction, ids: Sequence[str]) -> None:
    tx.execute_many("DELETE FROM edge_draft_parts WHERE draft = ?", [(one,) for one in ids])
    tx.execute_many("DELETE FROM edge_drafts WHERE id = ?", [(one,) for one in ids])
