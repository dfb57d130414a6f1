"""Duties: a gap is found before it goes, opens when it has gone, and closes in three ways; rebuilt from empty it is the same."""

import asyncio
import json

import pytest

from tocsin.exchange.journal.journal import read
from tocsin.exchange.journal.readers import tell
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.exchange.warn import duties
from tocsin.exchange.warn.duties import Duties
from tocsin.formats import extension
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

WHEN = "2026-01-01T00:00:00.000Z"
TABLES = ("warn_duties", "warn_duty_aims", "warn_duty_sent")


def thing(kind, number, **more):
    value = {"type": kind, "spec_version": "2.1", "id": f"{kind}--{number:08x}-0000-4000-8000-000000000000"}
    if kind not in ("ipv4-addr", "domain-name"):
        value |= {"created": WHEN, "modified": WHEN}
    return {**value, "object_marking_refs": [marking_id(Tlp.GREEN)], **more}


def address(number, last=7):
    return thing("ipv4-addr", number, value=f"203.0.113.{last}")


def note(number, about, **more):
    return thing("note", number, content="seen", object_refs=[about["id"]], **more)


def warning(core, about):
    said = {"topic": "cyber"}
    body = {
        "name": "Look",
        "published": WHEN,
        "object_refs": [about["id"]],
        "object_marking_refs": [marking_id(Tlp.GREEN)],
    }
    return extension.compose("report", ("k",), core.members.member(core.me).identity, 10**15, body, "warning", said)


def play(story, handles=("aa", "bb", "cc"), described=None):
    """cc answers for a network; the channel quiet has aa and bb."""

    async def main():
        fed = Federation(asyncio.get_running_loop(), handles, 11)
        fed.nodes["cc"].described = described or {"countries": ["FR"], "constituency": {"cidr": ["203.0.113.0/24"]}}
        await fed.found()
        await fed.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
        await fed.channel("pair", ChannelKind.BILATERAL, ["aa", "cc"])
        out = await story(fed)
        await fed.settled()
        await fed.core("aa").synced()
        await rebuilt(fed.nodes["aa"])
        await fed.stop()
        return out

    return run(main)


async def share(fed, channel, *objects, who="aa"):
    batches, refused = await fed.share(who, channel, [json.dumps(one).encode() for one in objects])
    assert batches
    assert refused == []
    await fed.settled()
    await fed.core(who).synced()


async def standing(fed, state="", who="aa"):
    return await fed.core(who).journal.database.read(lambda db: duties.listed(db, state))


def dump(node):
    return {name: sorted(node.query(f"SELECT * FROM {name}")) for name in TABLES}  # noqa: S608 - constants only


async def rebuilt(node):
    """All tables dropped and made again by the journal alone, in steps of every size."""
    live = dump(node)
    core = node.running
    for step in (1, 3, 1000):
        again = Duties("aa", lambda log: core.logs.numbered(log).channel)

        def work(tx, step=step, again=again):
            for name in TABLES:
                tx.execute(f"DELETE FROM {name}")  # noqa: S608 - constants only
            after = 0
            while rows := read(tx, after, step):
                again.take(tell(rows, tx), tx)
                after = rows[-1].position

        await node.database.write(work)
        assert dump(node) == live, step


def test_a_gap_is_a_duty_of_the_giver_only_with_its_reason_and_since_when():
    async def story(fed):
        core = fed.core("aa")
        gaps = await core.rooms.concern.preview(
            [json.dumps(address(1)).encode()], core.members.channel("quiet"), MemorySpool()
        )
        assert await standing(fed) == [], "looking makes no duty"
        await share(fed, "quiet", address(1), thing("malware", 2, is_family=False, name="x"))
        return gaps.told(), await standing(fed), await standing(fed, who="bb"), await standing(fed, who="cc")

    told, found, bb, cc = play(story)
    reason = "203.0.113.7 is in 203.0.113.0/24 of cc"
    assert told == {
        "inside": [],
        "untold": [{"member": "cc", "objects": 1, "ids": [address(1)["id"]], "reasons": [reason]}],
        "cut": False,
    }
    [one] = found
    assert (one.object_id, one.member, one.reasons, one.state, one.closed) == (
        address(1)["id"],
        "cc",
        [reason],
        "open",
        0,
    )
    assert one.since > 0
    assert (bb, cc) == ([], [])


@pytest.mark.slow
def test_who_is_in_the_audience_is_no_gap_and_a_second_share_is_none_either():
    async def story(fed):
        core = fed.core("aa")
        await share(fed, "plenary", address(1))
        await share(fed, "quiet", address(1))
        gaps = await core.rooms.concern.preview(
            [json.dumps(address(2)).encode()], core.members.channel("plenary"), MemorySpool()
        )
        return gaps.told(), await standing(fed)

    told, found = play(story)
    assert (told["inside"], told["untold"], found) == (["cc"], [], [])


@pytest.mark.slow
def test_who_gave_it_or_had_it_from_another_need_not_be_told():
    async def story(fed):
        await share(fed, "plenary", address(1), who="cc")
        await share(fed, "plenary", address(2), who="bb")
        core = fed.core("aa")
        objects = [json.dumps(address(one)).encode() for one in (1, 2)]
        return (await core.rooms.concern.preview(objects, core.members.channel("quiet"), MemorySpool())).told()

    assert play(story)["untold"] == []


@pytest.mark.slow
def test_it_ends_when_the_member_has_signed_for_the_same_object_and_not_before():
    async def story(fed):
        await share(fed, "quiet", address(1))
        await fed.crash("cc")
        await fed.share("aa", "pair", [json.dumps(address(1)).encode()])
        await fed.network.clock.sleep(30)
        await fed.core("aa").synced()
        before = await standing(fed)
        await fed.restart("cc")
        await fed.settled()
        await fed.core("aa").synced()
        return before, await standing(fed)

    [before], [after] = play(story)
    assert (before.state, before.by) == ("open", "")
    assert (after.state, after.by) == ("warned", address(1)["id"])
    assert after.closed > after.since + 30_000_000


@pytest.mark.slow
def test_it_ends_by_a_warning_about_it_and_not_by_a_note():
    async def story(fed):
        await share(fed, "quiet", address(1))
        await share(fed, "pair", note(5, address(1)))
        [noted] = await standing(fed)
        core = fed.core("aa")
        await core.say(core.members.channel("pair"), [warning(core, address(1))])
        await fed.settled()
        await core.synced()
        return noted, await standing(fed)

    noted, [after] = play(story)
    assert noted.state == "open"
    assert (after.state, after.by.partition("--")[0]) == ("warned", "report")


@pytest.mark.slow
@pytest.mark.parametrize("relation_first", [True, False])
def test_it_ends_by_an_object_that_is_derived_from_it(relation_first):
    async def story(fed):
        await share(fed, "quiet", address(1))
        clean = thing(
            "note", 9, content="somebody scans you", object_refs=["malware--00000001-0000-4000-8000-000000000000"]
        )
        derived = thing(
            "relationship", 8, relationship_type="derived-from", source_ref=clean["id"], target_ref=address(1)["id"]
        )
        first, second = (derived, clean) if relation_first else (clean, derived)
        await share(fed, "quiet" if first is derived else "pair", first)
        [between] = [one for one in await standing(fed) if one.object_id == address(1)["id"]]
        await share(fed, "quiet" if second is derived else "pair", second)
        [after] = [one for one in await standing(fed) if one.object_id == address(1)["id"]]
        return between, after

    between, after = play(story)
    assert between.state == "open"
    assert (after.state, after.by.partition("--")[0]) == ("sanitised", "note")


@pytest.mark.slow
@pytest.mark.parametrize("way", ["labels", "external_references"])
def test_it_ends_by_an_object_that_names_it(way):
    async def story(fed):
        await share(fed, "quiet", address(1))
        [one] = await standing(fed)
        named = {"labels": [one.id], "external_references": [{"source_name": "tocsin-duty", "external_id": one.id}]}
        clean = thing(
            "note",
            9,
            content="careful",
            object_refs=["malware--00000001-0000-4000-8000-000000000000"],
            **{way: named[way]},
        )
        await share(fed, "quiet", clean)
        [still] = await standing(fed)
        await share(fed, "pair", clean)
        return still, await standing(fed)

    still, [after] = play(story)
    assert still.state == "open", "it went to others"
    assert after.state == "sanitised"


@pytest.mark.slow
def test_it_ends_when_somebody_declines_it_with_a_reason(refused):
    async def story(fed):
        await share(fed, "quiet", address(1))
        core = fed.core("aa")
        [one] = await standing(fed)
        decline = lambda duty, reason: duties.decline(core.journal, core.world.clock, duty, reason)
        for reason in ("", "  ", "x" * 501, "a\nb"):
            with refused("config.value"):
                await decline(one.id, reason)
        with refused("access.unknown-duty"):
            await decline("duty-0000", "because")
        await decline(one.id, "told by telephone")
        await core.synced()
        with refused("config.value"):
            await decline(one.id, "again")
        await share(fed, "pair", address(1))
        return await standing(fed), await core.journal.database.read(duties.counted)

    [one], (counts, oldest) = play(story)
    assert (one.state, one.why, one.by) == ("declined", "told by telephone", "")
    assert (counts, oldest) == ({"open": 0, "warned": 0, "sanitised": 0, "declined": 1}, 0)


def test_the_id_of_a_duty_cannot_be_guessed_from_the_object():
    async def story(fed):
        await share(fed, "quiet", address(1))
        return await standing(fed)

    [one] = play(story)
    assert one.id != duties.duty_id("", one.object_id, one.version, one.member)


@pytest.mark.slow
def test_the_same_gap_again_is_the_same_duty():
    async def story(fed):
        await share(fed, "quiet", address(1))
        before = await standing(fed)
        await fed.channel("quiet-too", ChannelKind.THEMATIC, ["aa", "bb"])
        await share(fed, "quiet-too", address(1))
        return before, await standing(fed)

    before, after = play(story)
    assert [(one.id, one.since) for one in after] == [(one.id, one.since) for one in before]


def test_what_was_refused_opens_no_duty():
    async def story(fed):
        core = fed.core("aa")
        channel = core.members.channel("quiet")
        asking = core.rooms.concern.ask(channel, MemorySpool())
        share_ = core.share(channel, None, MemorySpool())
        share_.watch = asking.note
        unmarked = {name: one for name, one in address(2).items() if name != "object_marking_refs"}
        share_.check([json.dumps(unmarked).encode(), json.dumps(address(3)).encode()])
        async for _ in share_.decide():
            pass
        gaps = await asking.settle(share_.kept())
        await core.rooms.concern.record(gaps)
        await core.synced()
        return gaps.missing, await standing(fed)

    missing, found = play(story)
    assert [gap[0] for gap in missing] == [address(3)["id"]]
    assert found == [], "written down, but never committed"


@pytest.mark.slow
def test_a_newer_version_is_a_duty_of_its_own_and_one_receipt_ends_both():
    async def story(fed):
        def version(number):
            return thing("location", 1, country="FR", modified=f"2026-01-0{number}T00:00:00.000Z")

        await share(fed, "quiet", version(1))
        await share(fed, "quiet", version(2))
        both = await standing(fed, "open")
        await share(fed, "pair", version(1))
        one = await standing(fed, "open")
        await share(fed, "pair", version(2))
        return both, one, await standing(fed, "open")

    both, one, none = play(story)
    assert [len(both), len(one), len(none)] == [2, 1, 0]
    assert one[0].version == "2026-01-02T00:00:00.000Z"


@pytest.mark.slow
def test_what_the_node_holds_already_leads_to_whom_it_concerns():
    """The relationship and the target came long before, from somebody else."""

    async def story(fed):
        malware = thing("malware", 1, is_family=False, name="w")
        sector = thing("identity", 2, name="power", identity_class="class", sectors=["energy"])
        relation = thing(
            "relationship", 3, relationship_type="targets", source_ref=malware["id"], target_ref=sector["id"]
        )
        await share(fed, "quiet", malware, sector, relation, who="bb")
        await fed.core("aa").synced()
        indicates = thing("indicator", 4, pattern="[file:name = 'x']", pattern_type="stix", valid_from=WHEN)
        link = thing(
            "relationship", 5, relationship_type="indicates", source_ref=indicates["id"], target_ref=malware["id"]
        )
        await share(fed, "quiet", indicates, link)
        return {one.object_id.partition("--")[0]: one.reasons for one in await standing(fed, "open")}

    assert play(story, described={"sectors": ["energy"]}) == {
        "indicator": ["targets sector energy, through indicates"],
        "relationship": ["targets sector energy, through indicates"],
    }


def test_a_warning_of_the_node_itself_has_its_gaps_too():
    async def story(fed):
        core = fed.core("aa")
        said = {"countries": ["FR"], "topic": "cyber"}
        body = {"name": "Look", "published": WHEN, "object_refs": [core.members.member("aa").identity]}
        body["object_marking_refs"] = [marking_id(Tlp.GREEN)]
        made = extension.compose("report", ("k",), core.members.member("aa").identity, 10**15, body, "warning", said)
        await core.say(core.members.channel("quiet"), [made, json.dumps(note(7, address(1))).encode()])
        await fed.settled()
        await core.synced()
        return await standing(fed, "open")

    [one] = play(story)
    assert (one.member, one.reasons) == ("cc", ["names country FR"])
