"""Warnings under trouble: everybody is told, silence climbs on time, and each level is paged once, whatever falls over."""

import asyncio
import json
import re
from dataclasses import replace

import pytest

from tocsin.errors import AccessError, ConfigError, PolicyError, TocsinError
from tocsin.exchange.journal import journal, readers
from tocsin.exchange.warn import tables, views
from tocsin.exchange.warn.pager import Paged
from tocsin.exchange.warn.record import Record, policy_of
from tocsin.exchange.warn.taking import Wanted
from tocsin.exchange.warn.warnings import Reply, Wish
from tocsin.formats import alert, answer
from tocsin.formats.alert import Topic, Urgency
from tocsin.formats.answer import Answer, State, Word
from tocsin.formats.escalation import Level, Policy, Way
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp
from tocsin.testing.chance import SeededEntropy
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
    return await core.rooms.watchkeeping.warnings.issue(core.members.channel("plenary"), wish(**more))


async def answered(fed, handle, warning, word=None, until=0):
    await fed.core(handle).synced()
    await fed.core(handle).rooms.watchkeeping.warnings.reply(warning.id, Reply(word, until))


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


def test_an_acknowledgement_that_runs_out_returns_the_warning_to_where_it_was():
    async def story():
        fed = await founded(3, ("aa", "bb"))
        began = now(fed)
        warning = await raised(fed)
        await passed(fed, 70)  # level 2 is paged after 60
        await answered(fed, "bb", warning)  # for two minutes
        said = now(fed)
        await passed(fed, 110)
        assert sorted(paged(fed, "bb")) == [("bb", 1), ("bb", 2)]
        await passed(fed, 20)
        assert [level for _, level in paged(fed, "bb")] == [1, 2]
        again = paged(fed, "bb")["bb", 2]
        assert len(again) == 2
        assert 0 <= again[1] - said - 120 < SLACK_S
        await passed(fed, 60)
        third = paged(fed, "bb")["bb", 3][0]
        assert 0 <= third - (began + 120 + 120) < SLACK_S  # 120 s of silence, and 120 s that it stood
        # A late acknowledgement still counts: everything is paged, and nothing more comes while it stands.
        await answered(fed, "bb", warning)
        await passed(fed, 60)
        assert sum(map(len, paged(fed, "bb").values())) == 4
        assert facts(fed, "aa", warning)["bb"].until > now(fed) * 1e6
        await answered(fed, "bb", warning, Word.NEED_MORE)
        await passed(fed, 300)
        assert sum(map(len, paged(fed, "bb").values())) == 4
        assert sum(map(len, paged(fed, "aa").values())) == 3
        await fed.stop()

    run(story)


@pytest.mark.parametrize("tried_for_s", [0, 3])
def test_a_giver_that_falls_over_between_the_page_and_its_notifications_tells_them_when_it_is_back(tried_for_s):
    async def story():
        fed = await founded(4, ("aa", "bb"), lag_s=0.05)
        fed.desks["aa"].failing = 1000  # its mail server is away, and its links are cut: nothing can be told
        fed.network.isolate("aa")
        warning = await raised(fed)
        await fed.until(lambda: ("bb", 2) in paged(fed, "aa"), 70)
        await passed(fed, tried_for_s)
        await fed.crash("aa")
        fed.desks["aa"].failing = 0
        fed.network.heal_all()
        await passed(fed, 1)
        await fed.restart("aa")
        await fed.until(lambda: len(fed.desks["aa"].pages) == 1, 30)
        await passed(fed, 5)
        assert len(paged(fed, "aa")["bb", 2]) == 1
        assert fed.desks["aa"].pages[0][0] == "head-of-duty"
        assert facts(fed, "bb", warning)["bb"].escalated == 2
        await fed.stop()

    run(story)


def test_what_is_marked_amber_or_red_leaves_the_node_as_a_pointer_only():
    async def story():
        fed = await founded(5, ("aa", "bb"))
        core = fed.core("aa")
        channel = await fed.channel("both", ChannelKind.BILATERAL, ("aa", "bb"))
        for marking in (Tlp.GREEN, Tlp.AMBER_STRICT, Tlp.RED):
            await core.rooms.watchkeeping.warnings.issue(core.members.channel(channel.id), wish(marking=marking))
        await passed(fed, 10)
        pages = [page for _, page in fed.desks["bb"].pages]
        assert ["gateway" in (page.subject + page.body).lower() for page in pages] == [True, False, False]
        assert [page.topic for page in pages] == ["cyber", "cyber", ""]
        assert "cyber" not in (pages[2].subject + pages[2].body)
        assert all(page.warning in page.body and "flash" in page.body for page in pages)
        await fed.stop()

    run(story)


def test_a_notifier_that_fails_is_tried_again_and_stops_no_other():
    async def story():
        fed = Federation(asyncio.get_running_loop(), ("aa", "bb"), 6)
        mail, hook = Desk(), Desk()
        mail.failing = 3
        fed.nodes["bb"].notifiers = {"email": mail, "webhook": hook}
        await fed.found()
        both = Policy((Level(0, ("duty-officer", "head-of-duty"), (Way.EMAIL, Way.WEBHOOK)),), 1)
        core = fed.core("aa")
        await core.rooms.watchkeeping.warnings.issue(core.members.channel("plenary"), wish(policy=both))
        await fed.until(lambda: len(hook.pages) == 2, 3)
        assert mail.pages == []
        assert [code for code, _, _ in fed.nodes["bb"].notes if code == "config.notifier"] == ["config.notifier"]
        await fed.until(lambda: len(mail.pages) == 2, 60)
        assert {role for role, _ in mail.pages} == {"duty-officer", "head-of-duty"}
        await passed(fed, 60)
        assert (len(mail.pages), len(hook.pages)) == (2, 2)
        waiting = fed.nodes["bb"].query("SELECT COUNT(*) FROM warn_outbox WHERE outcome = ''")
        assert waiting == [(0,)]
        await fed.stop()

    run(story)


def test_push_goes_with_the_terminal_at_those_who_have_it_and_with_nothing_else():
    """No policy names it, for policies travel: a house's own way, and a row of the journal like the others."""

    async def story():
        fed = Federation(asyncio.get_running_loop(), ("aa", "bb", "cc"), 8)
        push = Desk()
        push.failing = 1
        fed.nodes["bb"].notifiers = {"push": push}
        await fed.found()
        levels = (Level(0, ("duty-officer",), (Way.TERMINAL,)), Level(1, ("duty-officer",), (Way.EMAIL,)))
        core = fed.core("aa")
        warning = await core.rooms.watchkeeping.warnings.issue(
            core.members.channel("plenary"), wish(policy=Policy(levels, 60))
        )
        await fed.until(lambda: len(push.pages) == 1, 60)
        await passed(fed, 180)
        assert [(role, page.warning, page.level) for role, page in push.pages] == [("duty-officer", warning.id, 1)]
        rows = {node: fed.nodes[node].query("SELECT target, outcome FROM warn_outbox") for node in ("bb", "cc")}
        assert sorted(rows["bb"]) == [("email", "nobody"), ("push", "sent")]
        assert rows["cc"] == [("email", "nobody")], "who has no push keeps no row of it"
        # Turned off while a page waits: it is told to nobody, and does not wait for ever.
        push.failing = 1_000
        await core.rooms.watchkeeping.warnings.issue(core.members.channel("plenary"), wish(policy=Policy(levels, 60)))
        await fed.until(lambda: ("push", "") in fed.nodes["bb"].query("SELECT target, outcome FROM warn_outbox"), 60)
        await fed.crash("bb")
        fed.nodes["bb"].notifiers = {}
        await fed.restart("bb")
        await fed.until(
            lambda: ("push", "nobody") in fed.nodes["bb"].query("SELECT target, outcome FROM warn_outbox"), 60
        )
        await fed.stop()

    run(story)


def test_only_the_giver_changes_its_warning_and_only_a_member_speaks_for_itself():
    async def story():
        fed = await founded(7)
        warning = await raised(fed, recipients=("bb", "cc"))
        await fed.settled()
        content = fed.nodes["cc"].query("SELECT content FROM journal_rows WHERE object_id = ?", warning.id)[0][0]
        # dd shares aa's warning as its own, changed and with a later version; and speaks for bb, and for itself.
        forged = json.loads(content)
        forged["modified"] = "2027-01-01T00:00:00.000Z"
        forged["revoked"] = True
        spoken = answer.write(
            Answer("bb", warning.identity, warning.id, State.ANSWERED, warning.created + 1000, Word.NOT_US)
        )
        batches, refused = await fed.share("dd", "plenary", [json.dumps(forged).encode(), spoken], Tlp.GREEN)
        assert batches, refused
        core = fed.core("dd")
        with pytest.raises(PolicyError) as caught:
            await core.rooms.watchkeeping.warnings.reply(warning.id, Reply(Word.NOT_US))
        assert caught.value.code == "policy.not-asked"
        await fed.settled()
        await passed(fed, 1)
        for handle in HANDLES:
            told = views.one(_Reader(fed.nodes[handle]), warning.id)
            assert (told.giver, told.withdrawn, told.modified) == ("aa", 0, warning.modified)
            assert not any(one.answered for one in facts(fed, handle, warning).values())
        # Who forges is seen to have tried.
        assert fed.nodes["bb"].query("SELECT member, code FROM warn_unread") == [("dd", "format.warning")]
        # The giver's own new version counts, asks one more, and does not touch the policy.
        later = replace(
            warning,
            modified=warning.modified + 1000,
            headline="Now they are taken over",
            recipients=("bb", "cc", "dd"),
            policy=Policy((Level(0, ("somebody-else",), (Way.TERMINAL,)),), 1),
        )
        await fed.core("aa").say(fed.core("aa").members.channel("plenary"), [alert.write(later)], urgent=True)
        await fed.settled()
        await passed(fed, 1)
        told = views.text(_Reader(fed.nodes["dd"]), views.one(_Reader(fed.nodes["dd"]), warning.id))
        assert told.headline == "Now they are taken over"
        assert policy_of(warning.id, _Reader(fed.nodes["dd"])) == POLICY
        assert set(facts(fed, "aa", warning)) == {"bb", "cc", "dd"}
        # Withdrawn: nobody climbs any more.
        gone = replace(later, modified=later.modified + 1000, revoked=True)
        await fed.core("aa").say(fed.core("aa").members.channel("plenary"), [alert.write(gone)], urgent=True)
        await passed(fed, 300)
        assert set(paged(fed, "dd")) <= {("dd", 1)}
        with pytest.raises(PolicyError) as caught:
            await fed.core("bb").rooms.watchkeeping.warnings.reply(warning.id, Reply())
        assert caught.value.code == "policy.warning-over"
        await fed.stop()

    run(story)


def test_a_recalled_warning_asks_nobody_any_more():
    async def story():
        fed = await founded(9, ("aa", "bb"))
        warning = await raised(fed)
        await passed(fed, 3)
        await fed.core("aa").corrections.recall(Wanted(warning.id, (), "raised in error"))
        await fed.settled()
        await passed(fed, 300)
        assert set(paged(fed, "bb")) == {("bb", 1)}
        assert paged(fed, "aa") == {}
        assert not knows(fed, "bb", warning)
        for node in fed.nodes.values():
            await assert_made_again(node, SeededEntropy(9), least=0)
        await fed.stop()

    run(story)


class Behind:
    """The journal for a room that hears of what is new only after a while, as on a node with much to do."""

    def __init__(self, real, clock, late_s):
        self._real, self._clock, self._late_s = real, clock, late_s
        self.database = real.database

    async def grown(self, after):
        await self._real.grown(after)
        await self._clock.sleep(self._late_s)


def test_a_room_that_is_behind_the_journal_delays_the_first_page_by_no_more_than_itself():
    async def story():
        fed = await founded(13)
        node = fed.core("bb")
        node.readers._journal = Behind(node.journal, node.world.clock, late_s=3.0)
        await raised(fed, headline="The room waits at the journal itself until this one comes")
        await passed(fed, 20)
        asked = now(fed)
        warning = await raised(fed)
        await passed(fed, 10)
        assert knows(fed, "bb", warning)
        _, at = paged(fed, "bb")["bb", 1]
        assert 3.0 <= at - asked < 3.0 + SLACK_S
        await fed.stop()

    run(story)


def test_by_hand():
    async def story():
        fed = await founded(8)
        warning = await raised(fed)
        await passed(fed, 5)
        pager = fed.core("bb").rooms.watchkeeping.pager
        assert await pager.escalate(warning.id) == [Paged(warning.id, "bb", 0, 2)]
        with pytest.raises(PolicyError):
            await pager.escalate(warning.id, ["cc"])
        await passed(fed, 60)
        assert len(paged(fed, "bb")["bb", 2]) == 1, "what was paged by hand is not paged again"
        theirs = fed.core("aa").rooms.watchkeeping.pager
        await theirs.escalate(warning.id, ["cc"])  # level 2 came by itself: this is 3
        await passed(fed, 3)
        assert set(paged(fed, "cc")) == {("cc", 1), ("cc", 2), ("cc", 3)}
        with pytest.raises(PolicyError) as caught:
            await theirs.escalate(warning.id, ["cc"])
        assert caught.value.code == "policy.warning-exhausted"
        with pytest.raises(AccessError) as caught:
            await theirs.escalate("report--00000000-0000-4000-8000-000000000000")
        assert caught.value.code == "access.unknown-warning"
        for handle in ("bb", "cc", "dd"):
            await answered(fed, handle, warning, Word.ACTING)
        await fed.settled()
        await passed(fed, 1)
        with pytest.raises(PolicyError) as caught:
            await theirs.escalate(warning.id)
        assert caught.value.code == "policy.warning-over"
        await fed.stop()

    run(story)


# -- trouble ----------------------------------------------------------------------------------------------------

TABLES = re.findall(r"CREATE TABLE IF NOT EXISTS (\w+)", tables.WARNINGS)


def held(node):
    return {name: sorted(node.query(f"SELECT * FROM {name}"), key=repr) for name in TABLES}  # noqa: S608 - constants only


async def assert_made_again(node, entropy, least=1):
    """Dropped and derived from the journal again, in other batches, every table is as it was."""
    before = held(node)
    assert len(before["warn_warnings"]) >= least
    record = Record(node.handle)

    def again(tx):
        for name in TABLES:
            tx.execute(f"DELETE FROM {name}")  # noqa: S608 - constants only
        after = 0
        while rows := journal.read(tx, after, 1 + entropy.below(40)):
            record.take(readers.tell(rows, tx), tx)
            after = rows[-1].position

    await node.database.write(again)
    assert held(node) == before


class Course:
    """One seed: who warns, who is cut off, who answers when, who falls over when."""

    def __init__(self, seed):
        self.chance = SeededEntropy(seed).fork("course")
        self.giver = self.pick(HANDLES)
        self.others = [one for one in HANDLES if one != self.giver]
        self.cut = set(self.others[: 1 + self.chance.below(len(self.others))])
        self.healed_after = 10 + 150 * self.chance.fraction()
        self.answers = {one: 200 * self.chance.fraction() for one in self.others if self.chance.fraction() < 0.4}
        self.victim = self.pick(HANDLES)
        self.falls_after = 1 + 170 * self.chance.fraction()
        self.away = 1 + 40 * self.chance.fraction()

    def pick(self, of):
        return of[self.chance.below(len(of))]


async def answer_later(fed, handle, warning, after):
    """A person answers as soon as the time has come, the warning is there and the node runs."""
    await passed(fed, after)
    while True:
        if fed.nodes[handle].core is not None and knows(fed, handle, warning):
            try:
                await answered(fed, handle, warning, Word.ACTING)
                return now(fed)
            except TocsinError:
                pass
        await passed(fed, 0.5)


async def fall(fed, course):
    await passed(fed, course.falls_after)
    await fed.crash(course.victim)
    await passed(fed, course.away)
    await fed.restart(course.victim)


def linked(fed, one, other):
    cores = fed.nodes[one].core, fed.nodes[other].core
    if None in cores or any(core.links is None for core in cores):
        return False
    ends = cores[0].links.standing.get(other), cores[1].links.standing.get(one)
    return all(end and end.session and end.session.sender for end in ends)


async def watch_links(fed, course, warning):
    """How long after a link between giver and recipient stood again the recipient had the warning: (member, seconds)."""
    stood, took = {}, []
    waiting = set(course.others)
    while waiting:
        for one in sorted(waiting):
            stood[one] = stood.get(one, now(fed)) if linked(fed, course.giver, one) else now(fed)
            if fed.nodes[one].core is not None and knows(fed, one, warning):
                took.append((one, now(fed) - stood[one]))
                waiting.remove(one)
        await passed(fed, 0.05)
    return took


async def troubled(seed):
    course = Course(seed)
    fed = await founded(seed, lag_s=0.02, drop=0.002)
    fed.network.partition([one for one in HANDLES if one not in course.cut], *([one] for one in sorted(course.cut)))
    began = now(fed)
    warning = await raised(fed, course.giver)
    people = {one: asyncio.ensure_future(answer_later(fed, one, warning, at)) for one, at in course.answers.items()}
    falls = asyncio.ensure_future(fall(fed, course))
    links = asyncio.ensure_future(watch_links(fed, course, warning))
    await passed(fed, course.healed_after)
    fed.network.heal_all()
    await falls
    async with asyncio.timeout(60):
        assert max(await links, key=lambda one: one[1])[1] <= STORED_S, seed
    said = {one: await task for one, task in people.items()}
    await passed(fed, max(0, began + 420 - now(fed)))
    await fed.settled()
    assert stored(fed, course.giver, warning) == set(course.others)
    down = (began + course.falls_after, began + course.falls_after + course.away + 6)
    for handle in HANDLES:
        for (member, level), at in paged(fed, handle).items():
            assert len(at) == 1, (seed, handle, member, level, "was paged more than once")
            due = (began if handle == course.giver else since(fed, handle, warning)) + MINUTES[level - 1] * 60
            was_down = handle == course.victim and down[0] <= due <= down[1]
            assert -0.001 <= at[0] - due < SLACK_S + 50 * was_down, (seed, handle, member, level)
            if handle == member and member in said:
                assert at[0] <= said[member] + SLACK_S
    for member in course.others:
        ours = {level for who, level in paged(fed, member) if who == member}
        theirs = {level for who, level in paged(fed, course.giver) if who == member}
        if member not in said:
            assert (ours, theirs) == ({1, 2, 3}, {2, 3}), (seed, member)
    for node in fed.nodes.values():
        await assert_made_again(node, course.chance)
    await fed.stop()
    return course


def since(fed, handle, warning):
    return fed.nodes[handle].query("SELECT added FROM warn_warnings WHERE id = ?", warning.id)[0][0] / 1e6


@pytest.mark.parametrize("seed", range(36))
def test_each_level_is_paged_once_whatever_falls_over(seed):
    run(lambda: troubled(seed))
