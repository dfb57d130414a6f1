"""Where warnings point: the newest that still stand, with the countries they name. Bounded, whatever the store holds."""

from typing import Final, NamedTuple

from tocsin.exchange.journal import search
from tocsin.exchange.warn import views
from tocsin.ports.database import Reading

DAYS: Final = 30  # a warning without an end of its own points somewhere for so long
MOST: Final = 200
_DAY_US: Final = 86_400_000_000
_LIVE: Final = "SELECT id FROM warn_warnings WHERE withdrawn = 0 AND added >= ? ORDER BY added DESC LIMIT ?"


class Placed(NamedTuple):
    """A warning that stands, and the ISO 3166 alpha-2 codes it names."""

    object_id: str
    marking: int
    giver: str
    topic: str
    urgency: str
    added: int
    headline: str
    countries: tuple[str, ...]


def live(reading: Reading, now: int) -> tuple[list[Placed], bool]:
    """Newest first, and whether there are more than are looked at. What is hidden or over is left out."""
    rows = reading.query(_LIVE, (now - DAYS * _DAY_US, MOST + 1))
    out = []
    for (warning,) in rows[:MOST]:
        found = views.one(reading, warning)
        if found is None or search.reasons(reading, found.id, found.giver):
            continue
        said = views.text(reading, found)
        if said is None or (said.until and said.until < now):
            continue
        facts = (found.giver, found.topic, found.urgency, found.added, said.headline, said.countries)
        out.append(Placed(found.id, found.marking, *facts))
    return out, len(rows) > MOST
