"""Sharing: everything is checked and decided before anything is committed, and every refusal has its code."""

import json
from types import SimpleNamespace

import pytest

from tocsin.cli.demo.iocs import indicators
from tocsin.exchange.journal.journal import Kind, NewRow, append
from tocsin.exchange.publish.publisher import MAX_BATCH, MAX_BATCH_BYTES
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp, definition, marking_id
from tocsin.testing.federation import MemorySpool

CLEAR, GREEN, AMBER, STRICT, RED = Tlp
THEMATIC, BILATERAL = ChannelKind.THEMATIC, ChannelKind.BILATERAL


async def shared(fed, objects, *, by="aa", channel="plenary", floor=None, partial=False, commit=True):
    """One act of sharing, told whole."""
    core = fed.core(by)
    share = core.share(core.members.channel(channel), floor, MemorySpool())
    refused = share.check(list(objects))
    await core.synced()
    async for more in share.decide():
        refused += more
    batches = []
    if commit and (partial or not refused):
        batches = [one async for one in share.commit(core.publisher, core.world.clock.now_us)]
    await core.synced()
    return SimpleNamespace(
        refused={one.ordinal: one.code for one in refused},
        ids=[one.object_id for one in refused],
        counts=tuple(share.counts()),
        batches=batches,
        markings=share.markings(),
    )


async def held(fed, handle):
    """What a member's journal holds: content and marking of every entry."""
    rows = await fed.core(handle).world.database.read(
        lambda db: db.query("SELECT content, marking FROM journal_rows WHERE kind = 1 ORDER BY position")
    )
    return [tuple(one) for one in rows]


def test_what_is_shared_is_stored_byte_for_byte_everywhere(played, stix):
    one, two = stix.object(1, mark=GREEN), stix.object(2, mark=CLEAR)

    async def story(fed):
        told = await shared(fed, [one, two])
        await fed.settled()
        assert (told.refused, told.counts, told.markings) == ({}, (2, 0, 0), {"TLP:CLEAR": 1, "TLP:GREEN": 1})
        assert [(batch.start, batch.end) for batch in told.batches] == [(0, 2)]
        for handle in ("aa", "bb"):
            assert await held(fed, handle) == [(one, GREEN), (two, CLEAR)]

    played(story)


def test_all_or_nothing(played, stix):
    async def story(fed):
        objects = [stix.object(1, mark=GREEN), b"{", stix.object(2, mark=RED), stix.object(3), b"{}"]
        told = await shared(fed, objects)
        assert told.refused == {
            2: "format.json-syntax",
            3: "policy.above-ceiling",
            4: "policy.unmarked",
            5: "format.stix",
        }
        assert told.ids == ["", "", stix.id(objects[2]), stix.id(objects[3])]
        assert (told.batches, told.counts) == ([], (1, 2, 0))
        assert await held(fed, "aa") == []

    played(story)


def test_partial_shares_what_may_be_shared(played, stix):
    async def story(fed):
        objects = [
            b"{",
            stix.object(1, mark=RED),
            stix.object(2, mark=GREEN),
            stix.object(3),
            stix.object(4, mark=CLEAR),
        ]
        told = await shared(fed, objects, partial=True)
        assert sorted(told.refused) == [1, 2, 4]
        assert await held(fed, "aa") == [(objects[2], GREEN), (objects[4], CLEAR)]
        again = await shared(fed, objects, partial=True)
        assert again.counts == (0, 2, 2)
        assert again.batches == []

    played(story)


def test_order_is_kept(played, stix):
    async def story(fed):
        objects = [stix.object(n, mark=GREEN) for n in (5, 3, 9, 1)]
        await shared(fed, objects)
        assert [content for content, _ in await held(fed, "aa")] == objects

    played(story)


def test_the_author_may_speak_for_all_and_only_makes_it_stricter(played, stix):
    async def story(fed):
        told = await shared(fed, [stix.object(1), stix.object(2, mark=CLEAR), stix.object(3, mark=GREEN)], floor=GREEN)
        assert told.markings == {"TLP:GREEN": 3}
        told = await shared(fed, [stix.object(4, mark=AMBER)], floor=GREEN)
        assert told.refused == {1: "policy.above-ceiling"}

    played(story)


@pytest.mark.parametrize(
    ("kind", "named", "most"),
    [(None, False, GREEN), (THEMATIC, False, STRICT), (THEMATIC, True, RED), (BILATERAL, False, RED)],
)
def test_the_marking_computes_the_audience(played, stix, kind, named, most):
    async def story(fed):
        if kind is not None:
            await fed.channel("narrow", kind, ["aa", "bb"], named=named)
        told = await shared(
            fed, [stix.object(level + 1, mark=level) for level in Tlp], channel="narrow" if kind else "plenary"
        )
        assert told.refused == {level + 1: "policy.above-ceiling" for level in Tlp if level > most}

    played(story)


def test_a_charter_may_open_the_plenary_to_amber(played, stix):
    async def story(fed):
        told = await shared(fed, [stix.object(1, mark=AMBER), stix.object(2, mark=STRICT)])
        assert told.refused == {2: "policy.above-ceiling"}

    played(story, ceiling=AMBER)


def test_a_definition_may_stand_behind_its_users(played, stix):
    meaning = stix.definition(7, statement="TLP:AMBER", object_marking_refs=[marking_id(CLEAR)])

    async def story(fed):
        await fed.channel("two", BILATERAL, ["aa", "bb"])
        user = stix.object(1, mark=stix.id(meaning))
        assert (await shared(fed, [user], floor=CLEAR)).refused == {1: "policy.unknown-marking"}
        assert (await shared(fed, [user, meaning])).refused == {1: "policy.above-ceiling"}
        told = await shared(fed, [user, meaning], channel="two")
        assert (told.refused, told.markings) == ({}, {"TLP:CLEAR": 1, "TLP:AMBER": 1})
        assert [one for one, _ in await held(fed, "aa")] == [meaning, user], "whoever reads on knows what it means"
        later = await shared(fed, [stix.object(2, mark=stix.id(meaning))], channel="two")
        assert (later.refused, later.markings) == ({}, {"TLP:AMBER": 1}), "the definition was shared before"

    played(story)


def test_definitions_that_are_not_taken(played, stix):
    forged = json.loads(definition(CLEAR)) | {"id": marking_id(RED)}

    async def story(fed):
        told = await shared(
            fed,
            [
                stix.definition(
                    1, definition_type="iep", definition={"iep": 1}, object_marking_refs=[marking_id(CLEAR)]
                ),
                json.dumps(forged).encode(),
                stix.object(1, mark="marking-definition--00000009-0000-4000-8000-000000000000"),
            ],
            floor=CLEAR,
        )
        assert told.refused[3] == "policy.unknown-marking"
        assert told.refused[2] == "policy.tlp-forged"
        assert told.refused[1] in ("policy.unknown-marking", "format.stix")

    played(story)


def test_a_held_definition_that_means_nothing_refuses_its_users_only(played, stix):
    strange = json.loads(stix.definition(5))
    strange |= {"definition_type": "iep", "definition": {"iep": "x"}}
    content = json.dumps(strange).encode()

    async def story(fed):
        core = fed.core("aa")
        row = NewRow(Kind.ENTRY, 2, 0, "bb", stix.id(content), "", "", 0, 1, 0, None, b"", b"", content)
        core.journal.announce(await core.world.database.write(lambda tx: append(tx, [row], 1)))
        told = await shared(fed, [stix.object(1, mark=stix.id(content)), stix.object(2, mark=GREEN)], floor=CLEAR)
        assert told.refused == {1: "policy.unknown-marking"}

    played(story)


def test_a_relationship_is_as_strict_as_its_ends(played, stix):
    open_, closed = stix.object(1, mark=CLEAR), stix.object(2, mark=AMBER)
    joined = stix.relationship(open_, closed, mark=CLEAR)

    async def story(fed):
        await fed.channel("two", BILATERAL, ["aa", "bb"])
        assert (await shared(fed, [joined, open_, closed])).refused == {
            1: "policy.above-ceiling",
            3: "policy.above-ceiling",
        }
        told = await shared(fed, [joined, open_, closed], channel="two")
        assert (told.refused, told.markings) == ({}, {"TLP:CLEAR": 1, "TLP:AMBER": 2})
        assert dict(await held(fed, "aa"))[joined] == AMBER
        later = await shared(fed, [stix.relationship(closed, open_, number=10, mark=CLEAR)])
        assert later.refused == {1: "policy.above-ceiling"}, (
            "no audience here was told of the end, so what others were told counts"
        )
        alone = await shared(fed, [stix.relationship(open_, open_, number=11, mark=CLEAR)])
        assert alone.refused == {}

    played(story)


@pytest.mark.slow
@pytest.mark.parametrize("level", [CLEAR, GREEN, AMBER, STRICT])
def test_what_came_from_another_above_green_needs_its_release(played, stix, level):
    async def story(fed):
        await fed.channel("one", THEMATIC, ["bb", "aa"])
        await fed.channel("other", THEMATIC, ["aa", "cc"])
        thing = stix.object(1, mark=level)
        assert (await shared(fed, [thing], by="bb", channel="one")).refused == {}
        await fed.settled()
        told = await shared(fed, [thing], by="aa", channel="other")
        assert told.refused == ({1: "policy.release-needed"} if level > GREEN else {})
        newer = stix.object(1, mark=CLEAR, day=2)
        told = await shared(fed, [newer], by="aa", channel="other")
        assert told.refused == ({1: "policy.release-needed"} if level > GREEN else {}), "another version of it"
        told = await shared(fed, [newer], by="bb", channel="one")
        assert told.refused == {}, "its origin may"

    played(story, handles=("aa", "bb", "cc"))


def test_a_received_object_keeps_at_least_the_marking_it_came_with(played, stix):
    async def story(fed):
        await fed.channel("two", BILATERAL, ["bb", "aa"])
        thing = stix.object(1, mark=CLEAR)
        await shared(fed, [thing], by="bb", channel="two", floor=GREEN)
        await fed.settled()
        assert (await shared(fed, [thing])).markings == {"TLP:GREEN": 1}

    played(story)


def test_shared_twice(played, stix):
    one, other = stix.object(1, mark=GREEN), stix.object(1, mark=GREEN, name="changed")

    async def story(fed):
        await fed.channel("two", BILATERAL, ["aa", "bb"])
        assert (await shared(fed, [one, one])).counts == (1, 0, 1), "twice in one file"
        assert (await shared(fed, [one])).counts == (0, 0, 1)
        assert (await shared(fed, [other])).refused == {1: "policy.same-version"}
        assert (await shared(fed, [stix.object(1, mark=GREEN, day=2, name="changed")])).counts == (1, 0, 0)
        assert (await shared(fed, [one], channel="two")).counts == (1, 0, 0), "another channel is another audience"
        assert [content for content, _ in await held(fed, "aa")].count(one) == 2

    played(story)


def test_two_contents_of_one_version_in_one_file(played, stix):
    one, other = stix.object(1, mark=GREEN), stix.object(1, mark=GREEN, name="changed")

    async def story(fed):
        assert (await shared(fed, [one, other])).refused == {2: "policy.same-version"}
        assert await held(fed, "aa") == []

    played(story)


def test_observables_have_no_versions(played, stix):
    address = {"type": "ipv4-addr", "spec_version": "2.1", "value": "192.0.2.1"}
    address["id"] = "ipv4-addr--11c15797-6e94-53d9-b67c-5a5e2f5e9a8c"

    async def story(fed):
        one = json.dumps({**address, "object_marking_refs": [marking_id(CLEAR)]}).encode()
        other = json.dumps({**address, "object_marking_refs": [marking_id(GREEN)]}).encode()
        first = await shared(fed, [one])
        if first.refused:
            pytest.fail(f"the sample is refused: {first.refused}")
        assert (await shared(fed, [one])).counts == (0, 0, 1)
        assert (await shared(fed, [other])).counts == (1, 0, 0)

    played(story)


def test_a_dry_run_commits_nothing(played, stix):
    async def story(fed):
        told = await shared(fed, [stix.object(1, mark=GREEN)], commit=False)
        assert told.counts == (1, 0, 0)
        assert await held(fed, "aa") == []

    played(story)


class Watched(MemorySpool):
    """A spool that tells how much is taken from it between two batches."""

    def __init__(self):
        super().__init__()
        self.taken = 0
        self.closed = False

    def records(self):
        for record in super().records():
            self.taken += 1
            yield record

    def close(self):
        super().close()
        self.closed = True


@pytest.mark.slow
def test_three_thousand_objects_go_in_bounded_batches(played):
    async def story(fed):
        core, spool = fed.core("aa"), Watched()
        share = core.share(core.members.channel("plenary"), None, spool)
        objects = indicators(3000, 3)
        for _ in range(6):
            assert share.check([next(objects) for _ in range(500)]) == []
        most = 0
        async for refused in share.decide():
            assert refused == []
            most, spool.taken = max(most, spool.taken), 0
        assert most <= MAX_BATCH
        sizes = []
        async for batch in share.commit(core.publisher, core.world.clock.now_us):
            sizes.append(batch.end - batch.start)
            assert spool.taken <= sum(sizes) + 1, "read ahead of what was committed"
        assert (sum(sizes), max(sizes)) == (3000, MAX_BATCH)
        share.close()
        assert spool.closed
        await fed.settled()
        assert len(await held(fed, "bb")) == 3000

    played(story)


@pytest.mark.slow
def test_batches_are_bounded_in_bytes_too(played, stix):
    async def story(fed):
        objects = [stix.object(n, mark=GREEN, description="x" * 900_000) for n in range(12)]
        told = await shared(fed, objects)
        sizes = [sum(map(len, objects[one.start : one.end])) for one in told.batches]
        assert max(sizes) <= MAX_BATCH_BYTES
        assert [one.start for one in told.batches] == [0, 9]
        await fed.settled()
        assert len(await held(fed, "bb")) == 12

    played(story)
