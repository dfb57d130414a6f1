"""Any value, typed as people write it: which entries name it. Found by a digest of the value in one way of writing."""

from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from tocsin.errors import FormatError
from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Kind
from tocsin.exchange.journal.readers import Told
from tocsin.exchange.journal.search import Found
from tocsin.formats import values
from tocsin.formats.stix.compared import compared
from tocsin.ports.database import Reading, Transaction

MOST: Final = 256  # values of one object that are noted
_STEP: Final = 200
_STEPS: Final = 50  # so that a filter that fits nothing does not read a whole store
_NEWEST: Final = 2**62
_TEXTS: Final = ("value", "name", "path", "serial_number", "subject", "account_login", "user_id", "command_line")


class Values:
    """The room's reader of the journal."""

    def take(self, told: Sequence[Told], tx: Transaction) -> None:
        """Note every value that these entries name."""
        rows = [
            (key, row.position)
            for row, value in told
            if row.kind == Kind.ENTRY and value is not None
            for key in {digest(one) for one in named(value)}
        ]
        if rows:
            tx.execute_many("INSERT INTO match_values (value, position) VALUES (?, ?) ON CONFLICT DO NOTHING", rows)


def named(value: Mapping[str, Any]) -> list[str]:
    """The values of an object, as they stand in it; at most MOST."""
    found = (one for one in _named(value) if one and len(one) <= values.LONGEST)
    return [one for one, _ in zip(found, range(MOST), strict=False)]


def _named(value: Mapping[str, Any]) -> Iterator[str]:
    yield from (value[key] for key in _TEXTS if isinstance(value.get(key), str))
    if value.get("type") == "autonomous-system":
        yield f"AS{value.get('number')}"
    hashes = value.get("hashes")
    if isinstance(hashes, dict):
        yield from (one for one in hashes.values() if isinstance(one, str))
    if isinstance(value.get("pattern"), str) and value.get("pattern_type") == "stix":
        yield from _compared(value["pattern"])
    for key, inside in (("external_references", "external_id"), ("aliases", None)):
        for one in value[key] if isinstance(value.get(key), list) else ():
            text = one.get(inside) if inside and isinstance(one, dict) else one
            if isinstance(text, str):
                yield text


def _compared(pattern: str) -> Iterator[str]:
    try:
        yield from (one.text for one in compared(pattern) if not one.is_wild)
    except FormatError:  # it passed the gate of an older version
        return


def normal(text: str) -> str:
    """The one way of writing under which a value is noted and looked for: 8[.]8[.]8[.]8 and 8.8.8.8 are one."""
    text = values.refanged(text[: values.LONGEST])
    return values.canonical(values.Kind.IP, text) or ("" if " " in text else values.name(text)) or text.casefold()


def digest(text: str) -> int:
    """Of a value, as it stands in the table."""
    return int.from_bytes(sha256(normal(text).encode(errors="replace")).digest()[:8], "big", signed=True)


def is_named(reading: Reading, text: str) -> bool:
    """Whether any entry names this value."""
    return bool(reading.query("SELECT 1 FROM match_values WHERE value = ? LIMIT 1", (digest(text),)))


def naming(reading: Reading, text: str, query: search.Query) -> search.Looked:
    """Entries that name it, newest first, below the position `query.after` if there is one; its filters count."""
    out: list[Found] = []
    before = query.after or _NEWEST
    for _ in range(_STEPS):
        rows = reading.query(
            "SELECT position FROM match_values WHERE value = ? AND position < ? ORDER BY position DESC LIMIT ?",
            (digest(text), before, _STEP),
        )
        positions = [row[0] for row in rows]
        out += [one for one in reversed(search.found(reading, sorted(positions))) if _fits(one, query)]
        if len(out) >= query.limit:
            return search.Looked(out[: query.limit], out[query.limit - 1].position)
        if len(positions) < _STEP:
            return search.Looked(out, 0)
        before = positions[-1]
    return search.Looked(out, before)


def _fits(one: Found, query: search.Query) -> bool:
    return (
        (not query.channels or one.channel in query.channels)
        and (not query.member or one.member == query.member)
        and (not query.types or one.object_id.startswith(tuple(f"{kind}--" for kind in query.types)))
    )
