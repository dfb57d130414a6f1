"""Who opens which link, when both do, when one cannot, and when the two speak different versions."""

from collections import Counter
from dataclasses import replace

import pytest

from tocsin.edge.peer.session import Session
from tocsin.errors import PeerError
from tocsin.formats import message
from tocsin.formats.markings import ChannelKind
from tocsin.node import links


class Watch:
    """Counts the links of every pair, by who dialed whom."""

    def __init__(self, fed):
        self.fed = fed
        self.opened = Counter()
        self._join = fed.network.join
        fed.network.join = self.join

    def join(self, dialler, listener):
        self.opened[dialler, listener] += 1
        return self._join(dialler, listener)

    def of(self, a, b):
        return self.opened[a, b] + self.opened[b, a]

    def open_pairs(self):
        return [pair for pair in self.fed.network._links.values() if not pair.broken]

    def one_each(self):
        """Whether every pair has exactly one link, and both its ends count that one."""
        pairs = self.open_pairs()
        names = [frozenset(pair.names) for pair in pairs]
        count = len(self.fed.nodes)
        if len(names) != len(set(names)) or len(names) != count * (count - 1) // 2:
            return False
        return all(end is self.session(end.peer, me)._link for pair in pairs for end, me in both_ends(pair))

    def session(self, peer, me):
        found = self.fed.core(me).links.standing[peer].session
        return found if found is not None and found.sender is not None else NOTHING


class Nothing:
    _link = None


NOTHING = Nothing()


def both_ends(pair):
    return zip(pair.ends, pair.names, strict=True)


async def share_all_round(story, count=5):
    for handle in story.running():
        await story.begin(handle, "plenary", count)


# -- a member that can only dial out ----------------------------------------------------------------------------------


@pytest.mark.parametrize("behind", ["aa", "bb", "dd"])
@pytest.mark.parametrize("seed", range(3))
def test_a_member_that_can_only_dial_out_is_a_full_member(simulate, behind, seed):
    watch = []

    def before(fed):
        fed.nodes[behind].endpoint = ""
        watch.append(Watch(fed))

    async def work(story):
        fed, network = story.fed, story.fed.network
        other = next(one for one in fed.nodes if one != behind)
        await fed.channel("pair", ChannelKind.BILATERAL, sorted((behind, other)))
        await story.begin(behind, "pair", 3)
        await share_all_round(story)
        network.isolate(behind)
        await share_all_round(story)
        await network.clock.sleep(30.0)
        network.heal(behind)
        await fed.linked()
        for crashed in (behind, other):
            await story.crash(crashed)
            await share_all_round(story)
            await fed.restart(crashed)
            await fed.linked()
            await share_all_round(story)
        network.break_links(behind, other)
        await share_all_round(story)
        await story.heal()
        await story.judge()
        shared = sum(len(one) for (_, name), one in story.acknowledged.items() if name == "plenary")
        assert shared == 5 * (4 * 5 + 2 * 3), "somebody shared less than everything"

    simulate(seed, work, members=4, before=before)
    assert all(listener != behind for _, listener in watch[0].opened)
    assert watch[0].opened[behind, "cc"] >= 2


def test_two_who_can_only_dial_out_have_no_way(simulate):
    def before(fed):
        fed.nodes["aa"].endpoint = fed.nodes["cc"].endpoint = ""

    async def work(story):
        await story.fed.network.clock.sleep(30.0)
        return {
            me: {one["peer"]: one["state"] for one in story.fed.core(me).links.describe()} for me in story.fed.nodes
        }

    assert simulate(1, work, before=before) == {
        "aa": {"bb": "up", "cc": "no-way"},
        "bb": {"aa": "up", "cc": "up"},
        "cc": {"aa": "no-way", "bb": "up"},
    }


# -- both dial --------------------------------------------------------------------------------------------------------


async def dial_at_once(story):
    fed, network = story.fed, story.fed.network
    watch = Watch(fed)
    tasks = []
    for _ in range(2):
        tasks += [story.begin(handle, "plenary", 3) for handle in fed.nodes]
        for pair in watch.open_pairs():
            pair.break_()
        await fed.until(watch.one_each, 4.0)
        await network.clock.sleep(1.0)  # a link that was being dialed meanwhile comes, and gives way
        watch.seen = dict(watch.opened)
        for _ in range(20):
            await network.clock.sleep(1.0)
            assert watch.one_each()
        assert watch.opened == watch.seen, "links are opened although all stand"
    for task in tasks:
        await task
    await story.heal()
    await story.judge()
    return watch


@pytest.mark.parametrize("seeds", [range(first, first + 20) for first in range(0, 200, 20)], ids=str)
def test_when_both_dial_both_keep_the_same_link(simulate, monkeypatch, seeds):
    monkeypatch.setattr(links, "_HEAD_START_S", 0.0)
    crossed = 0
    for seed in seeds:
        watch = simulate(seed, dial_at_once)
        for a, b in (("aa", "bb"), ("aa", "cc"), ("bb", "cc")):
            assert 2 <= watch.of(a, b) <= 5, watch.opened
            crossed += watch.of(a, b) > 2
    assert crossed > len(seeds) // 2, "the two hardly ever dialed at once, which proves nothing"


def test_with_its_head_start_the_smaller_handle_dials(simulate):
    opened = simulate(7, dial_at_once).opened
    assert sum(opened.values()) == opened["aa", "bb"] + opened["aa", "cc"] + opened["bb", "cc"] == 6


@pytest.mark.parametrize("alone", ["aa", "bb"])
@pytest.mark.parametrize("age_s", [0.5, 60.0])
def test_a_link_that_only_one_end_believes_in_is_replaced(simulate, alone, age_s):
    """`alone` never hears that the link has ended; the other end dials anew."""

    async def work(story):
        fed, network = story.fed, story.fed.network
        await network.clock.sleep(age_s)
        watch = Watch(fed)
        (pair,) = (one for one in watch.open_pairs() if set(one.names) == {"aa", "bb"})
        pair.broken = True
        for end, me in both_ends(pair):
            end.out.lose_all()
            if me != alone:
                end.end("peer.gone")
        (left,) = (end for end, me in both_ends(pair) if me == alone)
        await fed.until(lambda: watch.session("bb", "aa") is not NOTHING and left.end_code is not None, 15.0)
        await fed.until(watch.one_each, 5.0)
        await share_all_round(story)
        await story.heal()
        await story.judge()
        assert watch.of("aa", "bb") <= 8

    simulate(3, work)


def test_a_call_ends_the_wait_and_sets_it_back(simulate):
    """After an hour without bb, its return is not followed by a wait as long as during its absence."""

    async def work(story):
        fed, network = story.fed, story.fed.network
        await story.crash("bb")
        await network.clock.sleep(3600.0)
        await fed.restart("bb")
        await fed.until(lambda: all(fed.core(one).links.standing["bb"].session for one in ("aa", "cc")), 2.0)
        await network.clock.sleep(5.0)
        network.break_links("aa", "bb")
        await network.clock.sleep(0.1)
        await fed.until(lambda: fed._is_linked(fed.nodes["aa"]), 1.0)

    simulate(5, work)


def test_a_link_that_ends_as_soon_as_it_stands_is_not_opened_without_pause(simulate, monkeypatch):
    run = Session.run

    async def broken(self):
        if {self.peer, self._parts.members.me} == {"aa", "bb"}:
            raise PeerError("peer.gone", "broken")
        await run(self)

    async def work(story):
        watch = Watch(story.fed)
        monkeypatch.setattr(Session, "run", broken)
        story.fed.network.break_links("aa", "bb")
        await story.fed.network.clock.sleep(200.0)
        return watch.of("aa", "bb")

    assert 20 < simulate(2, work) < 80


def test_who_opens_links_without_a_greeting_has_room_for_one(simulate):
    async def work(story):
        fed, network = story.fed, story.fed.network
        port = network.port("cc")
        opened = [await port.dial("aa") for _ in range(20)]
        await network.clock.sleep(1.0)
        assert [one.end_code for one in opened[:-1]] == ["peer.replaced"] * 19
        assert opened[-1].end_code is None
        await network.clock.sleep(12.0)
        assert opened[-1].end_code == "peer.gone"
        assert fed.core("aa").links.standing["cc"].state == "up"
        assert not [code for code, peer, _ in fed.nodes["aa"].notes if peer == "cc"]

    simulate(1, work)


# -- versions ---------------------------------------------------------------------------------------------------------


def speak(story, handle, *versions):
    """From its next link on this member speaks these versions."""
    found = story.fed.core(handle).links
    found._parts = replace(found._parts, greeting=replace(found._parts.greeting, speaks=versions))
    for other in story.fed.nodes:
        story.fed.network.break_links(handle, other)


def spoken(story):
    """The version that each end of each link speaks, by (who, with whom)."""
    return {
        (me, peer): one.session.version
        for me in story.fed.nodes
        for peer, one in story.fed.core(me).links.standing.items()
    }


NEW_IN_2 = (message.Chain, message.Heads, message.Want, message.Relayed, message.Evidence)


@pytest.mark.parametrize("older", ["aa", "bb"])
def test_the_version_before_speaks_with_this_one(simulate, older):
    async def work(story):
        speak(story, older, 1, 1)
        await story.fed.network.clock.sleep(2.0)
        story.traffic.clear()
        said = {}
        story.fed.network.tap(lambda src, dst, data: said.setdefault((src, dst), []).append(data))
        for _ in range(3):
            await share_all_round(story)
            await story.fed.network.clock.sleep(10.0)
        await story.heal()
        await story.judge()
        return spoken(story), said

    versions, said = simulate(1, work)
    assert versions == {pair: 1 if older in pair else 2 for pair in versions}
    assert len(versions) == 6
    for pair, messages in said.items():
        newer = {type(one) for one in map(message.decode, messages)} & set(NEW_IN_2)
        assert (newer == set()) is (older in pair), f"{pair}: {newer}"


def test_two_of_the_next_version_speak_it(simulate):
    async def work(story):
        for handle in ("aa", "bb"):
            speak(story, handle, 2, 3)
        await story.fed.network.clock.sleep(2.0)
        return spoken(story)

    assert simulate(1, work) == {
        ("aa", "bb"): 3,
        ("bb", "aa"): 3,
        ("aa", "cc"): 2,
        ("cc", "aa"): 2,
        ("bb", "cc"): 2,
        ("cc", "bb"): 2,
    }


@pytest.mark.parametrize("newer", ["aa", "bb"])
def test_below_the_floor_both_say_so_and_neither_insists(simulate, newer):
    async def work(story):
        fed = story.fed
        watch = Watch(fed)
        speak(story, newer, 3, 3)
        await fed.network.clock.sleep(200.0)
        older = [one for one in fed.nodes if one != newer]
        for one in older:
            assert fed.core(newer).links.standing[one].last_error == "peer.version"
            assert fed.core(one).links.standing[newer].last_error == "peer.version"
            assert watch.of(one, newer) < 80
            told = [code for code, peer, _ in fed.nodes[one].notes if peer == newer]
            assert len(told) <= 3, "each attempt is told anew"
        assert not any(code.startswith("internal") for node in fed.nodes.values() for code, _, _ in node.notes)
        await story.begin(older[0], "plenary", 3)
        slot = fed.core(older[0]).members.channel("plenary").slots[older[0]]
        await fed.until(lambda: fed.core(older[1]).receiver.size(slot) == 3, 5.0)

    simulate(1, work)
