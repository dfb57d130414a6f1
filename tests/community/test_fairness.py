"""Two members, one row: what each computes from its own logs is the same, whatever came between them; and lies show."""

import asyncio
import json
from random import Random
from uuid import UUID

import pytest

from tocsin.errors import TocsinError
from tocsin.exchange.fairness.balance import Period
from tocsin.exchange.fairness.ledger import Ledger
from tocsin.exchange.publish import order
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

HANDLES = ("aa", "bb", "cc", "dd")
CHANNELS = {"plenary": HANDLES, "ports": ("aa", "bb", "cc"), "two": ("aa", "bb")}
MARK = {"plenary": Tlp.GREEN, "ports": Tlp.AMBER, "two": Tlp.AMBER}


class Story:
    """A federation and a chance by which its members give, judge and take back."""

    def __init__(self, fed, seed):
        self.fed = fed
        self.chance = Random(seed)
        self.made = []  # (handle, channel, id)
        self.refused = 0

    def stix(self, kind, channel, **more):
        id_ = f"{kind}--{UUID(int=self.chance.getrandbits(128), version=4)}"
        at = "2025-12-31T00:00:00.000Z"
        made = {"type": kind, "spec_version": "2.1", "id": id_, "created": at, "modified": at}
        made |= {"object_marking_refs": [marking_id(MARK[channel])], **more}
        return id_, json.dumps(made).encode()

    async def share(self, handle, channel, *objects):
        _, refused = await self.fed.share(handle, channel, objects)
        self.refused += len(refused)
        return not refused

    async def indicate(self, handle, channel):
        value = f"198.51.100.{self.chance.randrange(8)}"
        pattern = f"[ipv4-addr:value = '{value}']"
        more = {
            "pattern": pattern,
            "pattern_type": "stix",
            "valid_from": "2025-12-31T00:00:00Z",
            "indicator_types": ["x"],
        }
        id_, made = self.stix("indicator", channel, **more)
        if await self.share(handle, channel, made):
            self.made.append((handle, channel, id_))

    async def judge(self, handle, channel):
        known = [id_ for _, where, id_ in self.made if handle in CHANNELS[where] and where == channel]
        if not known:
            return
        about = self.chance.choice(known)
        if self.chance.random() < 0.5:
            _, made = self.stix("sighting", channel, sighting_of_ref=about)
        else:
            word = self.chance.choice(("agree", "strongly-disagree"))
            _, made = self.stix("opinion", channel, opinion=word, object_refs=[about])
        await self.share(handle, channel, made)

    async def take_back(self, handle, channel):
        core = self.fed.core(handle)
        where = core.members.channel(channel)
        log = core.logs.get(where.slots[handle])
        if log.size:
            seq = self.chance.randrange(log.size)
            made = order.orders(where.slots[handle], [(seq, 1)], "shared in error", 7, core.world.clock.now_us())
            await core.publisher.publish(where, made)

    async def step(self):
        channel = self.chance.choice(list(CHANNELS))
        handle = self.chance.choice(CHANNELS[channel])
        act = self.chance.choices((self.indicate, self.judge, self.take_back), (5, 6, 1))[0]
        await act(handle, channel)

    async def live(self, steps, *, storms=True):
        for _ in range(steps):
            await self.step()
            if storms and self.chance.random() < 0.15:
                one, other = self.chance.sample(HANDLES, 2)
                self.fed.network.cut(one, other)
            if storms and self.chance.random() < 0.1:
                self.fed.network.heal_all()
            await asyncio.sleep(self.chance.random())

    async def calm(self):
        self.fed.network.heal_all()
        await self.fed.settled()
        for handle in HANDLES:
            await self.fed.core(handle).synced()


def play(story, seed=1):
    async def main():
        fed = Federation(asyncio.get_running_loop(), HANDLES, seed)
        await fed.found()
        await fed.channel("ports", ChannelKind.THEMATIC, CHANNELS["ports"])
        await fed.channel("two", ChannelKind.BILATERAL, CHANNELS["two"])
        try:
            return await story(Story(fed, seed))
        finally:
            await fed.stop()

    return run(main)


def now(core):
    return Period(core.world.clock.now_us())


async def row(core, other, *, mirrored=False):
    """The row with another member as this one sees it, and what it was computed from."""

    def work(reading):
        snapshot = core.rooms.fairness.snapshot(reading, now(core))
        common = snapshot.common(other)
        parties = (other, core.me) if mirrored else (core.me, other)
        return snapshot.row(common, *parties), {common.places[log].slot: size for log, size in common.sizes.items()}

    return await core.world.database.read(work)


@pytest.mark.parametrize("seed", range(12))
def test_both_sides_compute_the_same_row_after_partitions(seed):
    async def story(told):
        await told.live(60)
        await told.calm()
        rows = []
        for one in HANDLES:
            for other in HANDLES:
                if one < other:
                    mine = await row(told.fed.core(one), other)
                    theirs = await row(told.fed.core(other), one, mirrored=True)
                    assert mine == theirs, (one, other)
                    rows.append(mine[0])
        # Derived again from an empty table it is the same.
        core = told.fed.core("aa")
        before = await row(core, "bb")
        await derive_again(core)
        assert await row(core, "bb") == before
        return rows, told.refused

    rows, refused = play(story, seed)
    ways = [one["total"][way] for one in rows for way in ("gave", "got")]
    assert refused == 0
    assert all(sum(one[key] for one in ways) for key in ("given", "claims", "confirmed", "sighted", "judged"))


async def derive_again(core):
    ledger = next(one for one in core.rooms.all() if isinstance(one, Ledger))
    names = ("fairness_logs", "fairness_facts", "fairness_counts", "fairness_words", "fairness_taken")

    def work(tx):
        from tocsin.exchange.journal.journal import read
        from tocsin.exchange.journal.readers import tell

        for name in names:
            tx.execute("DELETE FROM " + name)  # noqa: S608 - a table of ours
        after = 0
        while rows := read(tx, after, 100):
            ledger.take(tell(rows, tx), tx)
            after = rows[-1].position

    await core.world.database.write(work)


@pytest.mark.parametrize("seed", range(4))
def test_a_statement_from_a_partition_is_not_held_first_and_equal_afterwards(seed):
    async def story(told):
        await told.live(25, storms=False)
        await told.calm()
        told.fed.network.isolate("bb")
        await told.indicate("cc", "plenary")
        await told.fed.until(lambda: _held(told.fed, "aa", "cc", "plenary") > _held(told.fed, "bb", "cc", "plenary"))
        await told.fed.core("aa").synced()
        made = await told.fed.core("aa").rooms.fairness.make("bb", now(told.fed.core("aa")))
        behind = await told.fed.core("bb").rooms.fairness.verify(made)
        told.fed.network.heal("bb")
        await told.calm()
        await told.live(10, storms=False)  # what comes later changes nothing of it
        await told.calm()
        own = await told.fed.core("aa").rooms.fairness.verify(made)
        return behind, await told.fed.core("bb").rooms.fairness.verify(made), own

    behind, after, own = play(story, seed)
    assert (behind["verdict"], behind["differences"]) == ("not-held", [])
    assert [one["origin"] for one in behind["missing"]] == ["cc"]
    # Only what was taken back since can keep it from being told.
    assert after["verdict"] == own["verdict"] == ("unsure" if after["differences"] else "equal")
    assert after["verdict"] == "equal" or after["unknown"]


def test_a_statement_covers_what_was_receipted_and_no_more():
    async def story(told):
        fed, core = told.fed, told.fed.core("aa")
        await told.indicate("aa", "two")
        await told.calm()
        fed.network.isolate("bb")
        await told.indicate("aa", "two")
        await core.synced()
        made = await core.rooms.fairness.make("bb", now(core))
        found = await fed.core("bb").rooms.fairness.verify(made)
        return made.body["row"]["total"]["gave"]["given"], found["verdict"]

    assert play(story) == (1, "equal")


def _held(fed, handle, origin, channel):
    core = fed.core(handle)
    return core.logs.get(core.members.channel(channel).slots[origin]).released


def resigned(core, made, change):
    """The statement as a liar would sign it."""
    body = json.loads(json.dumps(made.body))
    change(body)
    changed = statement.compose(statement.FAIRNESS, body)
    key = core.world.keyring.signing(Role.LOG)
    return changed._replace(note=note.add(changed.note, note.sign(changed.note.text, key_name(core.me, Role.LOG), key)))


def _more(body):
    body["row"]["total"]["gave"]["used"] += 1


def _less(body):
    body["row"]["total"]["got"]["sighted"] -= 1


def _in_a_channel(body):
    body["row"]["channels"][0]["gave"]["given"] += 100


def _dropped_figure(body):
    del body["row"]["total"]["got"]["relevance"]


def _dropped_channel(body):
    body["row"]["channels"].pop()


def _another_root(body):
    body["frontier"][0]["root"] = "00" * 32


LIES = {
    "more used than was": (_more, "total.gave.used"),
    "less sighted than was": (_less, "total.got.sighted"),
    "more given in a channel": (_in_a_channel, "channels["),
    "a figure left out": (_dropped_figure, "total.got.relevance"),
    "a channel left out": (_dropped_channel, "channels["),
    "another history": (_another_root, "root at"),
}


def test_a_lying_statement_is_found():
    async def story(told):
        fed = told.fed
        for _ in range(6):
            await told.indicate("aa", "plenary")
            await told.indicate("bb", "two")
        await told.calm()
        for channel, handle in (("plenary", "bb"), ("two", "aa")):
            for _ in range(8):
                await told.judge(handle, channel)
        await told.calm()
        core, other = fed.core("aa"), fed.core("bb")
        made = await core.rooms.fairness.make("bb", now(core))
        assert (await other.rooms.fairness.verify(made))["verdict"] == "equal"
        found = {}
        for name, (change, figure) in LIES.items():
            got = await other.rooms.fairness.verify(resigned(core, made, change))
            found[name] = got["verdict"], any(figure in one["figure"] for one in got["differences"])
        slot = other.members.channel("two").slots["bb"].hex()

        def hide(body):
            body["frontier"] = [one for one in body["frontier"] if one["slot"] != slot]

        await asyncio.sleep(3)
        later = await core.rooms.fairness.make("bb", now(core))
        hidden = await other.rooms.fairness.verify(resigned(core, later, hide))
        ahead = resigned(core, made, lambda body: body.update(as_of=body["as_of"] + 3 * 86_400_000_000))
        future = await other.rooms.fairness.verify(ahead)
        codes = []
        for node, signed in (
            (fed.core("cc"), made),
            (other, made._replace(note=made.note.__class__(made.note.text, ()))),
            (other, resigned(core, made, lambda body: body.update(frontier="none"))),
            (other, resigned(core, made, lambda body: body.update(frontier=[1]))),
            (other, resigned(core, made, lambda body: body["frontier"][0].update(slot="xy"))),
            (other, resigned(core, made, lambda body: body.update(to="aa"))),
            (other, resigned(other, made, lambda body: None)),
        ):
            with pytest.raises(TocsinError) as caught:
                await node.rooms.fairness.verify(signed)
            codes.append(caught.value.code)
        return found, hidden, future, codes

    found, hidden, future, codes = play(story)
    assert found == dict.fromkeys(LIES, ("differs", True))
    assert hidden["verdict"] == "differs"
    assert any(one["figure"].endswith("size") for one in hidden["differences"])
    assert future["differences"][0]["figure"] == "as_of"
    wrong = ["format.statement"] * 4
    assert codes == ["policy.fairness-party", "verify.fairness", *wrong, "verify.fairness"]


def test_the_plenary_sees_how_giving_is_spread_and_everybody_the_same():
    async def story(told):
        await told.live(50)
        await told.calm()
        seen = []
        for handle in HANDLES:
            core = told.fed.core(handle)
            seen.append(
                await core.world.database.read(lambda db, one=core: one.rooms.fairness.snapshot(db, now(one)).plenary())
            )
        return seen

    seen = play(story, 3)
    assert all(one == seen[0] for one in seen)
    assert seen[0]["members"] == 4
    assert not seen[0]["suppressed"]
    assert not any(handle in json.dumps(seen[0]) for handle in HANDLES)
