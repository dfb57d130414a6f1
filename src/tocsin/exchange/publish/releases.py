"""The second person: a share of objects about persons waits until whoever they name as second signatory has approved it.

An approval is of a digest: of exactly these bytes, for one channel. It holds for a week.
"""

from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from tocsin.errors import PolicyError
from tocsin.exchange.publish.narrow import Release
from tocsin.formats import strictjson
from tocsin.ports.database import Database, Reading, Transaction

LASTS_US: Final = 7 * 86_400_000_000


class Waiting(NamedTuple):
    """A release as it stands."""

    digest: bytes
    channel: str
    objects: int
    seconds: tuple[str, ...]
    asked: int
    approved: tuple[str, ...]


async def lacking(database: Database, wanted: Release, now_us: int) -> frozenset[str]:
    """Whose approval is still needed."""
    return wanted.seconds - await database.read(partial(_approved, digest=wanted.digest, now_us=now_us))


async def ask(database: Database, channel: str, wanted: Release, now_us: int) -> None:
    """Let a release wait for its second person; asking again begins its week anew."""
    seconds = msgspec.json.encode(sorted(wanted.seconds)).decode()

    def work(tx: Transaction) -> None:
        tx.execute("DELETE FROM publish_releases WHERE asked <= ?", (now_us - LASTS_US,))
        tx.execute("DELETE FROM publish_approvals WHERE at <= ?", (now_us - LASTS_US,))
        tx.execute(
            "INSERT INTO publish_releases (digest, channel, objects, seconds, asked) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (digest) DO UPDATE SET asked = excluded.asked",
            (wanted.digest, channel, wanted.objects, seconds, now_us),
        )

    await database.write(work)


async def approve(database: Database, digest: bytes, account: str, now_us: int) -> Waiting:
    """The second person's word. Raises PolicyError("person.no-release", "person.not-the-second")."""

    def work(tx: Transaction) -> Waiting:
        one = next((each for each in _standing(tx, now_us) if each.digest == digest), None)
        if one is None:
            raise PolicyError("person.no-release", "nothing with this digest waits for a second person")
        if account not in one.seconds:
            raise PolicyError("person.not-the-second", f"the objects do not name {account} as their second signatory")
        tx.execute(
            "INSERT INTO publish_approvals (digest, account, at) VALUES (?, ?, ?) "
            "ON CONFLICT (digest, account) DO UPDATE SET at = excluded.at",
            (digest, account, now_us),
        )
        return one._replace(approved=tuple(sorted({*one.approved, account})))

    return await database.write(work)


async def standing(database: Database, now_us: int) -> list[Waiting]:
    """Every release of the last week, newest first."""
    return await database.read(partial(_standing, now_us=now_us))


def _standing(reading: Reading, now_us: int) -> list[Waiting]:
    rows = reading.query(
        "SELECT digest, channel, objects, seconds, asked FROM publish_releases WHERE asked > ? ORDER BY asked DESC",
        (now_us - LASTS_US,),
    )
    return [_waiting(reading, row, now_us) for row in rows]


def _waiting(reading: Reading, row: tuple[Any, ...], now_us: int) -> Waiting:
    seconds = tuple(strictjson.parse(row[3].encode()))
    approved = tuple(sorted(_approved(reading, row[0], now_us)))
    return Waiting(row[0], row[1], row[2], seconds, row[4], approved)


def _approved(reading: Reading, digest: bytes, now_us: int) -> frozenset[str]:
    rows = reading.query(
        "SELECT account FROM publish_approvals WHERE digest = ? AND at > ?", (digest, now_us - LASTS_US)
    )
    return frozenset(row[0] for row in rows)
