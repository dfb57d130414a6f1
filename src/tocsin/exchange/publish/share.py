"""One act of sharing, in three steps: check every object, decide every object, then commit. Nothing before all is known.

Between the steps the objects wait in a spool, so that a file of any size takes bounded memory: kept in memory are one
byte for each object, and the ids of those that are stricter than what the author said for all.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from tocsin.errors import FormatError, PolicyError
from tocsin.exchange.journal import search
from tocsin.exchange.members.channels import Channel
from tocsin.exchange.publish import audience, narrow, releases
from tocsin.exchange.publish.audience import Plan
from tocsin.exchange.publish.draft import Draft, Ready, Refused, draft_of, keep_until
from tocsin.exchange.publish.narrow import Release
from tocsin.exchange.publish.publisher import MAX_BATCH, MAX_BATCH_BYTES, Publisher
from tocsin.formats import markings, person, strictjson, tlp
from tocsin.formats.markings import Question, Received, Verdict
from tocsin.formats.stix.check import Checked, check_many
from tocsin.formats.tlp import Tlp
from tocsin.ports.database import Database, Reading
from tocsin.ports.denylists import OPEN, Gatekeeper
from tocsin.ports.spool import Spool

_ENCODER: Final = msgspec.msgpack.Encoder()
_DEFINITIONS: Final = 20
_NONSENSE: Final = "nonsense"
_REFUSED: Final = 0xFF
_HELD_ALREADY: Final = 0xFE
Known = dict[str, list[tuple[str, str, int, int, int]]]


class Counts(NamedTuple):
    """How a share stands."""

    accepted: int
    refused: int
    already_shared: int


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms something is shared."""

    me: str
    channel: Channel
    plenary_ceiling: Tlp
    floor: Tlp | None  # what the author says for every object of the share
    urgent: bool = False  # goes into our urgent log, ahead of everything routine
    gate: Gatekeeper = OPEN  # who knows what an indicator must not call to block
    allowed: frozenset[str] = frozenset()  # lists of the gate that the author overrides
    now_us: int = 0  # by which what is about a person must be reviewed within a year


class Share:
    """See the module. `synced` waits until what is committed can be found by search."""

    def __init__(self, terms: Terms, database: Database, spool: Spool) -> None:
        self._terms = terms
        self._database = database
        self._spool = spool
        self._definitions: dict[str, Tlp | None] = {}
        self._strict: dict[str, Tlp] = {}
        self._fates = bytearray()
        self._seen = 0
        self._has_ends = False
        self._persons: dict[str, bool] = {}  # whether an id is a person's, by this share or by what we hold
        self.let_through: list[tuple[str, tuple[str, ...]]] = []  # what only `allowed` let pass: id, its lists
        self._verdicts: dict[tuple[Any, ...], Verdict] = {}
        self.watch: Callable[[Sequence[Checked]], None] = lambda _: None  # sees what passes check(), in order

    # -- step 1 -------------------------------------------------------------------------------------------------

    def check(self, batch: Sequence[bytes]) -> list[Refused]:
        """The gate: JSON, STIX. Accepted objects go to the spool, refused ones come back with their reason."""
        refused: list[Refused] = []
        drafts: list[tuple[int, Draft]] = []
        passed: list[Checked] = []
        verdicts = check_many(batch)
        listed = self._listed(verdicts)
        for at, (content, checked) in enumerate(zip(batch, verdicts, strict=True)):
            self._seen += 1
            if isinstance(checked, FormatError):
                refused.append(Refused(self._seen, "", checked.code, checked.what))
                continue
            if checked.type == "marking-definition":
                try:
                    self._definitions[checked.id] = tlp.reading(checked.value)
                except PolicyError as error:
                    refused.append(Refused(self._seen, checked.id, error.code, error.what))
                    continue
            if at in listed:
                refused.append(Refused(self._seen, checked.id, "policy.deny-listed", _told_listed(listed[at])))
                continue
            try:
                said = narrow.passed(checked.value, self._terms.now_us)
            except PolicyError as error:
                refused.append(Refused(self._seen, checked.id, error.code, error.what))
                continue
            if said:
                self._persons[checked.id] = True
            self._has_ends = self._has_ends or bool(checked.ends)
            drafts.append((self._seen, draft_of(checked, content, said)))
            passed.append(checked)
        if drafts:
            self.watch(passed)
            self._spool.append(_ENCODER.encode(drafts))
        return refused

    def _listed(self, verdicts: Sequence[Checked | FormatError]) -> dict[int, tuple[str, ...]]:
        """By place in the batch: the lists that forbid an indicator, unless the author overrides each of them."""
        indicators = [
            (at, one) for at, one in enumerate(verdicts) if not isinstance(one, FormatError) and one.type == "indicator"
        ]
        out = {}
        for (at, one), lists in zip(
            indicators, self._terms.gate.refusals([one.value for _, one in indicators]), strict=True
        ):
            if lists and self._terms.allowed.issuperset(lists):
                self.let_through.append((one.id, lists))
            elif lists:
                out[at] = lists
        return out

    # -- step 2 -------------------------------------------------------------------------------------------------

    async def decide(self) -> AsyncIterator[list[Refused]]:
        """The policy, object by object; afterwards counts() and commit() are meaningful."""
        if self._has_ends:
            for _, draft in self._drafts():
                self._note_strict(draft)
        versions: dict[int, int] = {}
        for batch in self._batches():
            refs = {ref for _, draft in batch for ref in draft.refs if ref not in self._definitions}
            ids = {draft.object_id for _, draft in batch} | {end for _, draft in batch for end in draft.ends} | refs
            known = await self._database.read(partial(search.known, ids=ids))
            await self._learn_definitions(refs, known)
            await self._learn_persons([end for _, draft in batch for end in draft.ends], known)
            refused: list[Refused] = []
            for ordinal, draft in batch:
                fate, why = await self._fate(draft, known, versions)
                self._fates.append(fate)
                if why is not None:
                    refused.append(Refused(ordinal, draft.object_id, why[0], why[1]))
            yield refused

    def counts(self) -> Counts:
        """How many objects are to be committed, refused by the policy, and shared there already."""
        refused, held = self._fates.count(_REFUSED), self._fates.count(_HELD_ALREADY)
        return Counts(len(self._fates) - refused - held, refused, held)

    def kept(self) -> Iterator[bool]:
        """Of each object that watch() saw, in the same order: whether it is to be committed."""
        return (fate < _HELD_ALREADY for fate in self._fates)

    def markings(self) -> dict[str, int]:
        """How many objects of each marking are to be committed."""
        return {level.label: self._fates.count(level) for level in Tlp if self._fates.count(level)}

    def above(self, least: Tlp) -> list[tuple[str, int]]:
        """(id, level) of each object to be committed that is stricter than this."""
        told = zip(self._fates, self._drafts(), strict=True)
        return [(one.object_id, fate) for fate, (_, one) in told if least < fate < _HELD_ALREADY]

    def plan(self) -> Plan:
        """Who would read what was accepted, and a name for exactly that; meaningful after decide()."""
        told = zip(self._fates, self._drafts(), strict=True)
        chosen = ((fate, one.content) for fate, (_, one) in told if fate != _REFUSED)
        return audience.plan(self._terms.channel, chosen, urgent=self._terms.urgent)

    def release(self) -> Release | None:
        """What a second person must have approved; None when nothing is about a person."""
        if not any(self._persons.values()):
            return None
        floor = self._terms.floor.label if self._terms.floor is not None else ""
        told = zip(self._fates, self._drafts(), strict=True)
        chosen = ((one.content, one.second) for fate, (_, one) in told if one.second and fate != _REFUSED)
        return narrow.release(self._terms.channel.id, floor, chosen)

    async def lacking(self) -> frozenset[str]:
        """Whose approval is still needed before commit()."""
        wanted = self.release()
        return await releases.lacking(self._database, wanted, self._terms.now_us) if wanted else frozenset()

    # -- step 3 -------------------------------------------------------------------------------------------------

    async def commit(self, publisher: Publisher, now_us: Callable[[], int]) -> AsyncIterator[Any]:
        """Publish what was accepted, batch by batch; yields each publisher.Batch once it is durable and signed.

        Raises PolicyError("person.second"), and what Publisher.publish raises.
        """
        if missing := await self.lacking():
            raise PolicyError("person.second", f"not approved yet by: {' '.join(sorted(missing))}")
        ready: list[Ready] = []
        size = 0
        day: dict[str, int] = {}
        for one in self._accepted(day, now_us):
            if ready and (len(ready) >= MAX_BATCH or size + len(one.content) > MAX_BATCH_BYTES):
                yield await publisher.publish(self._terms.channel, ready, urgent=self._terms.urgent)
                ready, size = [], 0
                day.clear()
            ready.append(one)
            size += len(one.content)
        if ready:
            yield await publisher.publish(self._terms.channel, ready, urgent=self._terms.urgent)

    def _accepted(self, day: dict[str, int], now_us: Callable[[], int]) -> Iterator[Ready]:
        # Marking definitions go first: a recipient must know what a marking means before it meets it.
        for definitions in (True, False) if self._definitions else (False,):
            for fate, (_, draft) in zip(self._fates, self._drafts(), strict=True):
                kind = draft.object_id.partition("--")[0]
                if fate >= _HELD_ALREADY or (kind == "marking-definition") != definitions:
                    continue
                if draft.until:
                    until = keep_until(kind, now_us(), draft.until)
                else:
                    until = day.get(kind) or day.setdefault(kind, keep_until(kind, now_us()))
                yield Ready(draft.content, draft.object_id, draft.version, draft.name, _LEVELS[fate], until)

    def close(self) -> None:
        """Forget everything."""
        self._spool.close()

    # -- inside -------------------------------------------------------------------------------------------------

    def _drafts(self) -> Iterator[tuple[int, Draft]]:
        for batch in self._batches():
            yield from batch

    def _batches(self) -> Iterator[list[tuple[int, Draft]]]:
        for record in self._spool.records():
            yield _RECORD.decode(record)

    def _note_strict(self, draft: Draft) -> None:
        level = markings.strictest(draft.refs, self._definitions).level
        if level is not None and level > (self._terms.floor or Tlp.CLEAR):
            self._strict[draft.object_id] = max(level, self._strict.get(draft.object_id, level))

    async def _learn_definitions(self, refs: set[str], known: Known) -> None:
        for ref in refs & known.keys():
            # Definitions somebody shared with us before: read again rather than trust a copy of their meaning.
            # Contradictory ones, and those that mean nothing to us, leave the reference unknown, which refuses.
            meanings = [await self._meaning(held[4]) for held in known[ref][:_DEFINITIONS]]
            if meanings and _NONSENSE not in meanings and len(set(meanings)) == 1:
                self._definitions[ref] = meanings[0]  # type: ignore[assignment]  # _NONSENSE is excluded above

    async def _learn_persons(self, ends: Sequence[str], known: Known) -> None:
        for end in set(narrow.ties(ends)) & known.keys() - self._persons.keys():
            contents = [await self._content(held[4]) for held in known[end][:_DEFINITIONS]]
            self._persons[end] = any(person.about(strictjson.parse(one)) for one in contents if one)

    async def _content(self, position: int) -> bytes | None:
        return await self._database.read(lambda db: search.content(db, position))

    async def _meaning(self, position: int) -> "Tlp | str | None":
        content = await self._content(position)
        checked = check_many([content])[0] if content else None
        if checked is None or isinstance(checked, FormatError):
            return _NONSENSE
        try:
            return tlp.reading(checked.value)
        except PolicyError:
            return _NONSENSE

    async def _fate(self, draft: Draft, known: Known, versions: dict[int, int]) -> tuple[int, tuple[str, str] | None]:
        mine = [
            position
            for version, member, _, channel, position in known.get(draft.object_id, ())
            if member == self._terms.me and channel == self._terms.channel.number and version == draft.version
        ]
        if mine:
            same = await self._database.read(lambda db: _same(db, mine, draft.content))
            if same:
                return _HELD_ALREADY, None
            if draft.version:
                return _REFUSED, _SAME_VERSION
        if draft.version:
            key, content = hash((draft.object_id, draft.version)), hash(draft.content)
            if key in versions:
                return (_HELD_ALREADY, None) if versions[key] == content else (_REFUSED, _SAME_VERSION)
            versions[key] = content
        verdict = self._verdict(draft, known)
        if not verdict.allowed or verdict.marking is None:
            return _REFUSED, (verdict.reasons[0].code, "; ".join(one.text for one in verdict.reasons))
        if not draft.second and any(self._persons.get(end) for end in draft.ends):
            return _REFUSED, _TIED
        if draft.second and verdict.marking < person.LEAST:
            return _REFUSED, _PERSON_MARKING
        return int(verdict.marking), None

    def _verdict(self, draft: Draft, known: Known) -> Verdict:
        ends = tuple(sorted({level for end in draft.ends for level in self._marked(end, known)}))
        received = self._received(known.get(draft.object_id, ()))
        key = (draft.refs, ends, received)
        found = self._verdicts.get(key)
        if found is None:
            found = self._verdicts[key] = self._ask(draft.refs, ends, received)
        return found

    def _marked(self, end: str, known: Known) -> Iterator[Tlp]:
        if end in self._strict:
            yield self._strict[end]
        held = known.get(end, ())
        # What the channel's audience has already been told of an end counts; what others were told, only if it has not.
        here = [marking for _, _, marking, channel, _ in held if channel == self._terms.channel.number]
        yield from (Tlp(marking) for marking in here or [one[2] for one in held])

    def _received(self, held: Sequence[tuple[str, str, int, int, int]]) -> Received | None:
        # The strictest copy decides; an object we have published ourselves first is ours.
        theirs = [(marking, member) for _, member, marking, _, _ in held if member != self._terms.me]
        if not theirs or any(member == self._terms.me for _, member, *_ in held):
            return None
        marking, member = max(theirs)
        return Received(member, Tlp(marking), released=False)

    def _ask(self, refs: tuple[str, ...], ends: tuple[Tlp, ...], received: Received | None) -> Verdict:
        own = markings.strictest(refs, self._definitions)
        channel = self._terms.channel
        return markings.decide(
            Question(
                marking=own.level,
                floor=self._terms.floor,
                unknown=own.unknown,
                kind=channel.kind,
                roster=channel.roster,
                author=self._terms.me,
                plenary_ceiling=self._terms.plenary_ceiling,
                named_people=channel.named_people,
                ends=ends,
                received=received,
            )
        )


_RECORD: Final = msgspec.msgpack.Decoder(list[tuple[int, Draft]])
_LEVELS: Final = tuple(Tlp)
_TIED: Final = ("person.tied", "it joins a person to something, and says nothing of why")
_PERSON_MARKING: Final = ("person.marking", f"what is about a person is marked {person.LEAST.label} or stricter")
_SAME_VERSION: Final = (
    "policy.same-version",
    "this id and version is shared in the channel already, with other content",
)


def _same(reading: Reading, positions: Sequence[int], content: bytes) -> bool:
    return any(search.content(reading, position) == content for position in positions)


def _told_listed(lists: tuple[str, ...]) -> str:
    return f"the indicator calls to block what stands on the list {', '.join(lists)}"
