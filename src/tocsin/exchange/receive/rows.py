"""From verified entries to journal rows: what each object is, whether it fits its marking, what is held back.

Step 8 of verify.py. An entry that fails is kept in the log, for its commitment counts, and shown to nobody.
"""

from collections.abc import Generator, Iterator
from typing import Final

from tocsin.errors import FormatError, PolicyError
from tocsin.exchange.journal import erase
from tocsin.exchange.journal.definitions import Definitions
from tocsin.exchange.journal.erase import Places
from tocsin.exchange.journal.journal import Erased, Kind, NewRow
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish import narrow
from tocsin.exchange.receive import orders
from tocsin.exchange.receive.individuals import Individuals
from tocsin.exchange.receive.verify import Verified
from tocsin.exchange.tlog.logs import Log
from tocsin.formats import markings
from tocsin.formats.entry import ERASE_ORDER, ERASED, STIX_21, Entry
from tocsin.formats.stix.check import Checked, check_many
from tocsin.formats.tlp import Tlp

_FITS_KEPT: Final = 4096
_SLICE_ENTRIES: Final = 64
_SLICE_BYTES: Final = 64 * 1024


class Rows:
    """One per node; keeps what it has decided of markings."""

    def __init__(self, members: Members, definitions: Definitions) -> None:
        self._members = members
        self._definitions = definitions
        self.individuals = Individuals()
        self._fits: dict[tuple[int, int, int, tuple[str, ...], int], str | None] = {}

    def make(self, log: Log, channel: Channel, done: Verified, places: Places) -> Generator[None, None, list[NewRow]]:
        """The rows of a frame, in order; yields where other peers may come between. `places`: see journal/erase.py."""
        checked: list[Checked | FormatError] = []
        slices = _slices(done)
        for low, high in slices:
            contents = [one.content for one in done.entries[low:high] if one.handling.content_type == STIX_21]
            checked += check_many(contents)
            yield
        for one in checked:
            if not isinstance(one, FormatError):
                self.individuals.learn(log.origin, one.id, one.value)
                if one.type == "marking-definition":
                    self._learn(one)
        rows: list[NewRow] = []
        following = iter(checked)
        for low, high in slices:
            pairs = zip(done.entries[low:high], done.commitments[low:high], strict=True)
            rows += (self._row(log, channel, pair, following, places) for pair in pairs)
            if high < len(done.entries):
                yield
        return rows

    def forget(self, erased: Erased) -> None:
        """What marking definitions mean may have changed."""
        if erased.definitions:
            self._fits.clear()

    def _row(
        self,
        log: Log,
        channel: Channel,
        pair: tuple[Entry, bytes],
        following: Iterator[Checked | FormatError],
        places: Places,
    ) -> NewRow:
        entry, commitment = pair
        content_type, marking, sent_at, keep_until = entry.handling
        if content_type == ERASED:
            place = (Kind.ENTRY, log.number, entry.seq, log.origin)
            return NewRow(*place, held=erase.ERASED, commitment=commitment, content_type=ERASED)
        held: str | None
        object_id = version = name = ""
        if content_type == ERASE_ORDER:
            held = orders.standing(entry.content, log.origin, places)
        elif isinstance(one := next(following), FormatError):
            held = one.code
        else:
            held, object_id = self._misfit(channel, marking, one) or self._person(entry, log.origin, one), one.id
            version, name = one.version, one.name[:256]
        return NewRow(
            Kind.ENTRY,
            log.number,
            entry.seq,
            log.origin,
            object_id,
            version,
            name,
            marking,
            sent_at,
            keep_until,
            held,
            entry.salt,
            commitment,
            entry.content,
            content_type,
        )

    def _learn(self, one: Checked) -> None:
        try:
            self._definitions.learn(one.id, one.value)
        except PolicyError:
            self._fits.clear()  # then nobody knows what it means, and whatever refers to it is held back

    def _person(self, entry: Entry, origin: str, one: Checked) -> str | None:
        """What is wrong with it if it is about a person."""
        _, marking, sent_at, keep_until = entry.handling
        held, is_person = narrow.held(one.value, marking, sent_at, keep_until)
        return "person.tied" if not is_person and self.individuals.joined(origin, one.ends) else held

    def _misfit(self, channel: Channel, marking: int, one: Checked) -> str | None:
        charter = self._members.charter
        key = (charter.version, channel.number, channel.version, tuple(one.marking_refs), marking)
        if key in self._fits:
            return self._fits[key]
        own = markings.strictest(one.marking_refs, self._definitions.known)
        # By the roster as it was made: that somebody has left since makes nothing unfit.
        reasons = markings.fits(
            Tlp(marking), own, channel.kind, channel.listed, charter.plenary_ceiling, channel.named_people
        )
        if not own.unknown and len(self._fits) < _FITS_KEPT:
            self._fits[key] = reasons[0].code if reasons else None
        return reasons[0].code if reasons else None


def _slices(done: Verified) -> list[tuple[int, int]]:
    """Cuts a frame into pieces that take a millisecond or two each: (first, behind the last)."""
    out, low, size = [], 0, 0
    for i, entry in enumerate(done.entries):
        size += len(entry.content)
        if i + 1 - low >= _SLICE_ENTRIES or size >= _SLICE_BYTES:
            out.append((low, i + 1))
            low, size = i + 1, 0
    return [*out, (low, len(done.entries))] if low < len(done.entries) else out
