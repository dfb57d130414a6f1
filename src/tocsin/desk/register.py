"""The register of sources: which there are, how each stands, which is to be asked next."""

import re
from collections.abc import Collection, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from tocsin.desk.sources import Auth, Health, Kind, Source
from tocsin.errors import AccessError, ConfigError
from tocsin.ports.database import Database, Reading, Transaction

MOST: Final = 10_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_FASTEST_S: Final = 60
_SLOWEST_S: Final = 7 * 86_400
_LETTERS: Final = "ABCDEF"
_MOST_FOLLOWED: Final = 100
_LONGEST: Final = 2048
_SOURCE: Final = msgspec.msgpack.Decoder(Source)
_HEALTH: Final = msgspec.msgpack.Decoder(Health)
Entry = tuple[int, Source, Health]


def checked(source: Source) -> Source:
    """The source, if it can be one. Raises ConfigError("config.value")."""
    url = urlsplit(source.url)
    wrong = (
        ("a source's name is 1 to 64 small letters, digits, dots and hyphens", not _NAME.fullmatch(source.name)),
        (
            "a source's address is http or https",
            url.scheme not in ("http", "https") or not url.hostname or len(source.url) > _LONGEST,
        ),
        ("a source is asked every minute to every week", not _FASTEST_S <= source.every_s <= _SLOWEST_S),
        ("reliability is a letter from A to F", len(source.letter) != 1 or source.letter not in _LETTERS),
        (f"at most {_MOST_FOLLOWED} entries are followed a time", not 0 <= source.follow <= _MOST_FOLLOWED),
        (
            "a token is one line of plain characters",
            not (source.token.isprintable() and (source.token.isascii() or source.auth is Auth.BASIC)),
        ),
        (
            "for basic sign-in the token is name:password",
            source.auth is Auth.BASIC and bool(source.token) and ":" not in source.token and " " not in source.token,
        ),
        ("a name or a token is too long", max(len(source.outlet), len(source.token)) > _LONGEST),
    )
    for what, is_wrong in wrong:
        if is_wrong:
            raise ConfigError("config.value", what)
    return source


def kind_of(text: str) -> Kind:
    """Raises ConfigError("config.value")."""
    try:
        return Kind(text)
    except ValueError as error:
        raise ConfigError("config.value", f"a source is one of {', '.join(Kind)}") from error


def auth_of(text: str, kind: Kind) -> Auth:
    """What a token is; where nothing is said, MISP wants it as it is and everybody else as bearer.

    Raises ConfigError("config.value").
    """
    if not text:
        return Auth.KEY if kind is Kind.MISP else Auth.BEARER
    try:
        return Auth(text)
    except ValueError as error:
        raise ConfigError("config.value", f"a token is one of {', '.join(Auth)}") from error


class Register:
    """All sources of one node."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, source: Source) -> None:
        """Raises ConfigError("config.value", "desk.source-exists")."""
        checked(source)

        def work(tx: Transaction) -> None:
            if tx.query("SELECT 1 FROM desk_sources WHERE name = ?", (source.name,)):
                raise ConfigError("desk.source-exists", f"there is a source {source.name} already")
            if tx.query("SELECT COUNT(*) FROM desk_sources")[0][0] >= MOST:
                raise ConfigError("config.value", f"there are {MOST:,} sources already")
            # What came of a source that was removed must not become another's: its number is never given again.
            taken = (
                "SELECT COALESCE(MAX(id), 0) FROM desk_sources UNION SELECT COALESCE(MAX(source), 0) FROM desk_captures"
            )
            number = 1 + max(int(row[0]) for row in tx.query(taken))
            tx.execute(
                "INSERT INTO desk_sources (id, name, body, health, next_us) VALUES (?, ?, ?, ?, 0)",
                (number, source.name, msgspec.msgpack.encode(source), msgspec.msgpack.encode(Health())),
            )

        await self._database.write(work)

    async def change(self, name: str, **what: Any) -> Source:
        """Raises AccessError("desk.unknown-source"), ConfigError("config.value")."""

        def work(tx: Transaction) -> Source:
            number, source, health = one(tx, name)
            changed = checked(msgspec.structs.replace(source, **what))
            tx.execute("UPDATE desk_sources SET body = ? WHERE id = ?", (msgspec.msgpack.encode(changed), number))
            if (changed.url, changed.token, changed.auth) != (source.url, source.token, source.auth):
                # Another address, or another way in: what was learned of the old one does not count, and it is asked now.
                fresh = Health(documents=health.documents)
                stand(tx, number, fresh if changed.url != source.url else msgspec.structs.replace(health, next_us=0))
            return changed

        return await self._database.write(work)

    async def remove(self, name: str) -> None:
        """What came of it stays. Raises AccessError("desk.unknown-source")."""

        def work(tx: Transaction) -> None:
            number, _, _ = one(tx, name)
            tx.execute("DELETE FROM desk_sources WHERE id = ?", (number,))

        await self._database.write(work)

    async def all(self) -> list[Entry]:
        """By name."""
        return await self._database.read(lambda db: _entries(db, "ORDER BY name", ()))

    async def get(self, name: str) -> Entry:
        """Raises AccessError("desk.unknown-source")."""
        return await self._database.read(lambda db: one(db, name))

    async def due(self, now_us: int, limit: int) -> list[Entry]:
        """Those to be asked, longest waiting first. Paused ones are passed over."""
        found = await self._database.read(
            lambda db: _entries(db, "WHERE next_us <= ? ORDER BY next_us LIMIT ?", (now_us, MOST))
        )
        return [entry for entry in found if not entry[1].paused][:limit]


def one(db: Reading, name: str) -> Entry:
    """Raises AccessError("desk.unknown-source")."""
    found = _entries(db, "WHERE name = ?", (name,))
    if not found:
        raise AccessError("desk.unknown-source", "there is no source of that name")
    return found[0]


def stand(tx: Transaction, number: int, health: Health) -> None:
    """Write down how a source stands."""
    tx.execute(
        "UPDATE desk_sources SET health = ?, next_us = ? WHERE id = ?",
        (msgspec.msgpack.encode(health), health.next_us, number),
    )


def sources(db: Reading, numbers: Collection[int]) -> dict[int, Source]:
    """The sources of these numbers that are still there."""
    return {number: source for number, source, _ in _entries(db, "ORDER BY id", ()) if number in numbers}


def letters(db: Reading) -> dict[int, str]:
    """The reliability of every source, by its number."""
    return {number: source.letter for number, source, _ in _entries(db, "ORDER BY id", ())}


def _entries(db: Reading, where: str, args: Sequence[int | str]) -> list[Entry]:
    rows = db.query(f"SELECT id, body, health FROM desk_sources {where}", args)  # noqa: S608 - constants only
    return [(int(row[0]), _SOURCE.decode(row[1]), _HEALTH.decode(row[2])) for row in rows]
