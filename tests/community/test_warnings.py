"""Warnings under trouble: everybody is told, silence climbs on time, and each level is paged once, whatever falls over."""

import asyncio

from tocsin.errors import ConfigError
from tocsin.exchange.warn import views
from tocsin.exchange.warn.warnings import Reply, Wish
from tocsin.formats.alert import Topic, Urgency
from tocsin.formats.answer import Word
from tocsin.formats.escalation import Level, Policy, Way
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

HANDLES = ("aa", "bb", "cc", "dd")
MINUTES = (0, 1, 2)
POLICY = Policy(
    tuple(
        Level(after, (role,), (Way.EMAIL, Way.TERMINAL))
        for after, role in zip(MINUTES, ("duty-officer", "head-of-duty", "head-of-service"), strict=True)
    ),
    ack_minutes=2,
)
PAGED = "SELECT object_id, member, seq, added FROM journal_rows WHERE kind = 6 AND name = 'paged' ORDER BY position"
STORED_S = 5.0
SLACK_S = 2.0


class Desk:
    """An e-mail notifier that remembers, and fails when told to."""

    def __init__(self):
        self.pages = []
        self.failing = 0

    async def notify(self, role, page):
        if self.failing:
            self.failing -= 1
            raise ConfigError("config.notifier", "the mail server does not answer")
        self.pages.append((role, page))
        return 1


def wish(**more):
    told = {
        "headline": "VPN gateways of ministries are being taken over",
        "topic": Topic.CYBER,
        "urgency": Urgency.FLASH,
        "threatened": "VPN gateways",
        "todo": "Take them off the network.",
        "marking": Tlp.GREEN,
        "policy": POLICY,
    }
    return Wish(**{**told, **more})


async def founded(seed, handles=HANDLES, lag_s=0.0, **network):
    fed = Federation(asyncio.get_running_loop(), handles, seed, **network)
    fed.desks = {}
    for handle, node in fed.nodes.items():
        fed.desks[handle] = Desk()
        node.notifiers = {"email": fed.desks[handle]}
        node.lag_s = lag_s
    await fed.found()
    await fed.until(
        lambda: all(fed._has_open(handle, fed.core("aa").members.channel("plenary").id) for handle in handles)
    )
    return fed


async def raised(fed, giver="aa", **more):
    core = fed.core(giver)
    return await core.rooms.warnings.issue(core.members.channel("plenary"), wish(**more))


async def answered(fed, handle, warning, word=None, until=0):
    await fed.core(handle).synced()
    await fed.core(handle).rooms.warnings.reply(warning.id, Reply(word, until))


async def passed(fed, seconds):
    await fed.nodes["aa"].clock.sleep(seconds)


def knows(fed, handle, warning):
    return bool(fed.nodes[handle].query("SELECT 1 FROM warn_warnings WHERE id = ?", warning.id))


def facts(fed, giver, warning):
    found = views.recipients(_Reader(fed.nodes[giver]), warning.id)
    return {one.member: one for one in found}


def stored(fed, giver, warning):
    return {member for member, one in facts(fed, giver, warning).items() if one.stored}


class _Reader:
    def __init__(self, node):
        self._node = node

    def query(self, sql, args=()):
        return self._node.query(sql, *args)


def paged(fed, handle):
    """(member, level) with the instants in seconds, of every page at a node."""
    out = {}
    for _, member, level, added in fed.nodes[handle].query(PAGED):
        out.setdefault((member, level), []).append(added / 1e6)
    return out


def now(fed):
    return fed.nodes["aa"].clock.now_us() / 1e6


def test_three_separate_facts_of_each_recipient():
    async def story():
        fed = await founded(1)
        warning = await raised(fed)
        await fed.until(lambda: stored(fed, "aa", warning) == {"bb", "cc", "dd"}, STORED_S)
        assert not any(one.acknowledged or one.answered for one in facts(fed, "aa", warning).values())
        await answered(fed, "bb", warning)
        await answered(fed, "cc", warning, Word.NOT_US)
        await fed.settled()
        await passed(fed, 1)
        told = facts(fed, "aa", warning)
        assert [(bool(one.stored), bool(one.acknowledged), one.answer) for one in told.values()] == [
            (True, True, None),
            (True, True, "not-us"),
            (True, False, None),
        ]
        # Everybody else sees the words, and claims to know of no receipt.
        assert [(one.stored, one.answer) for one in facts(fed, "dd", warning).values()] == [
            (None, None),
            (None, "not-us"),
            (None, None),
        ]
        await fed.stop()

    run(story)


def test_silence_climbs_on_time_and_an_answer_ends_it():
    async def story():
        fed = await founded(2)
        began = now(fed)
        warning = await raised(fed)
        await passed(fed, 30)
        await answered(fed, "cc", warning, Word.ACTING)
        await passed(fed, 200)
        ours = paged(fed, "bb")
        assert list(ours) == [("bb", 1), ("bb", 2), ("bb", 3)]
        for (_, level), at in ours.items():
            assert len(at) == 1
            assert 0 <= at[0] - began - MINUTES[level - 1] * 60 < SLACK_S
        assert list(paged(fed, "cc")) == [("cc", 1)]
        # The giver's own people hear of the silent, from the first level that is not at once.
        theirs = paged(fed, "aa")
        assert set(theirs) == {("bb", 2), ("dd", 2), ("bb", 3), ("dd", 3)}
        assert all(len(at) == 1 for at in theirs.values())
        # One mail for all who are silent at a level; and the silent see in the channel that it has climbed.
        assert len(fed.desks["aa"].pages) == 2
        assert "bb, dd" in fed.desks["aa"].pages[0][1].body
        assert facts(fed, "bb", warning)["bb"].escalated == 3
        assert [role for role, _ in fed.desks["bb"].pages] == ["duty-officer", "head-of-duty", "head-of-service"]
        await fed.stop()

    run(story)
