"""Whatever is shared where, in which order, with a member that comes and goes: duties are what the journal says, and honest."""

import asyncio
import json
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.exchange.journal.journal import read
from tocsin.exchange.journal.readers import tell
from tocsin.exchange.warn import duties
from tocsin.exchange.warn.duties import Duties
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

TABLES = ("warn_duties", "warn_duty_aims", "warn_duty_sent")
WHEN = "2026-01-01T00:00:00.000Z"
OBJECT = st.integers(0, 2)
CHANNEL = st.sampled_from(["quiet", "pair", "plenary"])
ACT = st.one_of(
    st.tuples(st.just("share"), OBJECT, CHANNEL),
    st.tuples(st.just("derived"), OBJECT, CHANNEL),
    st.tuples(st.just("clean"), OBJECT, CHANNEL),
    st.tuples(st.just("name"), OBJECT, CHANNEL),
    st.tuples(st.just("decline"), OBJECT, st.just("")),
    st.tuples(st.sampled_from(["away", "back", "wait"]), st.just(0), st.just("")),
)


def head(kind, number):
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{number:08x}-0000-4000-8000-000000000000",
        "object_marking_refs": [marking_id(Tlp.GREEN)],
    }


def address(number):
    return {**head("ipv4-addr", number), "value": f"203.0.113.{number}"}


def clean(number, **more):
    about = "malware--00000001-0000-4000-8000-000000000000"
    times = {"created": WHEN, "modified": WHEN}
    return {**head("note", number), **times, "content": "careful", "object_refs": [about], **more}


def derived(number):
    ends = {"source_ref": clean(number)["id"], "target_ref": address(number)["id"]}
    return {
        **head("relationship", number),
        "created": WHEN,
        "modified": WHEN,
        "relationship_type": "derived-from",
        **ends,
    }


MADE = {"share": address, "derived": derived, "clean": clean}


class Story:
    def __init__(self, fed):
        self.fed = fed
        self.core = fed.core("aa")
        self.names = count(100)

    async def act(self, what, number, channel):
        if what in ("away", "back"):
            away = self.fed.nodes["cc"].core is None
            if away == (what == "back"):
                await (self.fed.restart if away else self.fed.crash)("cc")
        elif what == "wait":
            await self.fed.network.clock.sleep(20)
        elif what == "decline":
            for one in await self.standing("open"):
                if one.object_id == address(number)["id"]:
                    await duties.decline(self.core.journal, self.core.world.clock, one.id, "so be it")
        else:
            shared = clean(next(self.names), labels=await self.naming(number)) if what == "name" else MADE[what](number)
            await self.fed.share("aa", channel, [json.dumps(shared).encode()])

    async def naming(self, number):
        return [one.id for one in await self.standing() if one.object_id == address(number)["id"]] or ["duty-0"]

    async def standing(self, state=""):
        await self.core.synced()
        return await self.core.journal.database.read(lambda db: duties.listed(db, state))

    async def end(self):
        if self.fed.nodes["cc"].core is None:
            await self.fed.restart("cc")
        await self.fed.settled()
        return await self.standing()


async def rebuilt(story, step):
    node = story.fed.nodes["aa"]
    live = {name: sorted(node.query(f"SELECT * FROM {name}")) for name in TABLES}  # noqa: S608 - constants only
    again = Duties("aa", lambda log: story.core.logs.numbered(log).channel)

    def work(tx):
        for name in TABLES:
            tx.execute(f"DELETE FROM {name}")  # noqa: S608 - constants only
        after = 0
        while rows := read(tx, after, step):
            again.take(tell(rows, tx), tx)
            after = rows[-1].position

    await node.database.write(work)
    assert {name: sorted(node.query(f"SELECT * FROM {name}")) for name in TABLES} == live  # noqa: S608 - constants only


def held_at(fed, who):
    return {row[0] for row in fed.nodes[who].query("SELECT object_id FROM journal_rows WHERE kind = 1")}


@pytest.mark.slow
def test_a_receipt_after_a_refusal_does_not_undo_it():
    play([("share", 2, "quiet"), ("share", 2, "pair"), ("decline", 2, "")], 0, 1)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(ACT, min_size=1, max_size=9), st.integers(0, 1000), st.integers(1, 9))
def test_duties_are_made_again_by_the_journal_and_end_only_when_the_member_holds_something(acts, seed, step):
    play(acts, seed, step)


def play(acts, seed, step):
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], seed)
        fed.nodes["cc"].described = {"constituency": {"cidr": ["203.0.113.0/24"]}}
        await fed.found()
        await fed.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
        await fed.channel("pair", ChannelKind.BILATERAL, ["aa", "cc"])
        story = Story(fed)
        for act in acts:
            await story.act(*act)
        found = await story.end()
        held = held_at(fed, "cc")
        for one in found:
            assert one.state in duties.STATES
            assert one.member == "cc"
            assert one.object_id not in held or one.state != "open", "told, and yet open"
            assert (one.by in held) == (one.state in ("warned", "sanitised")), one
            assert (one.state == "declined") == bool(one.why)
        went = {row[0] for row in fed.nodes["bb"].query("SELECT object_id FROM journal_rows WHERE kind = 1")}
        missing = {id_ for id_ in went - held if id_.startswith("ipv4-addr")}
        assert missing <= {one.object_id for one in found}, "nobody was told, and there is no duty"
        await rebuilt(story, step)
        await fed.stop()

    run(main)
