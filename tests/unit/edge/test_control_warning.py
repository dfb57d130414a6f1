"""The routes of warnings, on a federation in one process: what they take, what they refuse, what they show."""

import asyncio
from types import SimpleNamespace

import pytest

from tocsin.cli import reading as told_in
from tocsin.edge.control import warning
from tocsin.errors import MEANINGS, AccessError, ConfigError, FormatError, PolicyError
from tocsin.exchange.journal import journal
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.exchange.warn import views
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

BODY = {
    "channel": "plenary",
    "headline": "VPN gateways are being taken over",
    "tlp": "green",
    "topic": "cyber",
    "urgency": "flash",
    "threatened": "VPN gateways",
    "todo": "Take them off the network.",
}


def services(fed, handle):
    core = fed.core(handle)
    return SimpleNamespace(
        members=core.members,
        logs=core.logs,
        journal=core.journal,
        clock=core.world.clock,
        synced=core.synced,
        watchkeeping=core.rooms.watchkeeping,
        concern=core.rooms.concern,
        interests=core.rooms.interests,
        spool=MemorySpool,
        share=lambda channel, floor, spool, urgent, _lists: core.share(channel, floor, spool, urgent=urgent),
    )


def on_a_federation(story, handles=("aa", "bb", "cc")):
    async def told():
        fed = Federation(asyncio.get_running_loop(), handles, 1)
        await fed.found()
        await story(fed, {handle: services(fed, handle) for handle in handles})
        await fed.stop()

    run(told)


async def refused(kind, code, awaitable):
    with pytest.raises(kind) as caught:
        await awaitable
    assert caught.value.code == code
    assert code in MEANINGS


def test_a_dry_run_says_what_it_would_be_and_sends_nothing():
    async def story(fed, at):
        told = await warning.issue(at["aa"], {**BODY, "dry_run": True, "countries": ["gr".upper()], "potential": True})
        assert (told["recipients"], told["audience"], told["dry_run"]) == (["bb", "cc"], ["aa", "bb", "cc"], True)
        assert (told["urgent_log"], told["marking"]) == (True, "TLP:GREEN")
        assert "potential" in told["text"]
        assert (await warning.listed(at["aa"], {"which": "all"}))["warnings"] == []
        # The handling rules refuse a dry run as they would the real one.
        await refused(
            PolicyError, "policy.above-ceiling", warning.issue(at["aa"], {**BODY, "tlp": "red", "dry_run": True})
        )
        await refused(PolicyError, "policy.above-ceiling", warning.issue(at["aa"], {**BODY, "tlp": "red"}))
        assert (await warning.listed(at["aa"], {"which": "all"}))["warnings"] == []

    on_a_federation(story)


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"tlp": ""}, PolicyError, "policy.unmarked"),
        ({"tlp": "purple"}, FormatError, "format.tlp"),
        ({"channel": "nowhere"}, PolicyError, "policy.no-such-channel"),
        ({"topic": "war"}, ConfigError, "config.value"),
        ({"urgency": None}, ConfigError, "config.value"),
        ({"headline": ""}, FormatError, "format.warning"),
        ({"headline": 5}, ConfigError, "config.value"),
        ({"threatened": ""}, FormatError, "format.warning"),
        ({"todo": " "}, FormatError, "format.warning"),
        ({"credibility": 7}, FormatError, "format.warning"),
        ({"credibility": "2"}, FormatError, "format.warning"),
        ({"reliability": "Z"}, FormatError, "format.warning"),
        ({"countries": ["Greece"]}, FormatError, "format.warning"),
        ({"countries": "GR"}, ConfigError, "config.value"),
        ({"answer_by": "soon"}, ConfigError, "config.value"),
        ({"answer_by": "2026-11-22T08:00:00"}, ConfigError, "config.value"),
        ({"answer_by": "2020-11-22T08:00:00Z"}, FormatError, "format.warning"),
        ({"recipients": ["zz"]}, PolicyError, "policy.not-asked"),
        ({"recipients": ["aa"]}, PolicyError, "policy.not-asked"),
        ({"about": ["x"]}, FormatError, "format.warning"),
        ({"policy": {"levels": []}}, FormatError, "format.policy"),
        ({"key": "short"}, FormatError, "format.warning"),
    ],
)
def test_what_is_refused(change, kind, code):
    async def story(fed, at):
        await refused(kind, code, warning.issue(at["aa"], {**BODY, **change}))
        assert fed.nodes["aa"].query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1") == [(0,)]

    on_a_federation(story, ("aa", "bb"))


def test_the_same_key_twice_is_one_warning():
    async def story(fed, at):
        one = await warning.issue(at["aa"], {**BODY, "key": "shift-2026-11-22-1"})
        await fed.nodes["aa"].clock.sleep(3)
        other = await warning.issue(at["aa"], {**BODY, "key": "shift-2026-11-22-1"})
        assert one["id"] == other["id"]
        assert len((await warning.listed(at["aa"], {"which": "given"}))["warnings"]) == 1
        assert fed.nodes["aa"].query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1") == [(1,)]

    on_a_federation(story, ("aa", "bb"))


@pytest.mark.slow
def test_what_is_due_first_comes_first_and_overdue_is_only_what_is_late():
    async def story(fed, at):
        ids = {}
        for name, span in (("late", "1m"), ("soon", "30m"), ("far", "3d"), ("done", "2m")):
            told = await warning.issue(at["aa"], {**BODY, "headline": name, "answer_by": span, "urgency": "routine"})
            ids[name] = told["id"]
        await fed.settled()
        await warning.answer(at["bb"], ids["done"], {"answer": "not-us", "desk": "duty-officer", "comment": "no such"})
        await fed.nodes["aa"].clock.sleep(90)
        told = await warning.listed(at["bb"], {})
        assert [one["headline"] for one in told["warnings"]] == ["late", "soon", "far", "done"]
        assert [(one["state"], one["overdue"]) for one in told["warnings"]] == [
            ("open", True), ("open", False), ("open", False), ("answered", False)
        ]  # fmt: skip
        assert (told["counts"]["due_from_us"], told["counts"]["late_from_us"]) == (3, 1)
        late = await warning.listed(at["bb"], {"overdue": "1"})
        assert [one["headline"] for one in late["warnings"]] == ["late"]
        # The giver sees the same from its side: of two recipients both are late with one, and one has answered another.
        await fed.nodes["aa"].clock.sleep(60)
        given = (await warning.listed(at["aa"], {"which": "given"}))["counts"]
        assert (given["raised"], given["asked"], given["stored"], given["answered"], given["overdue"]) == (
            4,
            8,
            8,
            1,
            3,
        )
        late = await warning.listed(at["aa"], {"overdue": "1", "limit": "7"})
        assert [(one["headline"], one["counts"]["overdue"]) for one in late["warnings"]] == [("late", 2), ("done", 1)]
        shown = await warning.shown(at["aa"], ids["done"][8:14])
        facts = {one["member"]: one for one in shown["recipients"]}
        assert (facts["bb"]["comment"], facts["bb"]["desk"], facts["bb"]["answer"]) == (
            "no such",
            "duty-officer",
            "not-us",
        )
        assert (facts["cc"]["overdue"], facts["cc"]["state"], facts["cc"]["next"]["level"]) == (True, "open", 2)
        await refused(ConfigError, "config.value", warning.listed(at["aa"], {"which": "mine"}))
        for wrong in ("", "zz", "report--", "'; --", "identity--1"):
            await refused(AccessError, "access.unknown-warning", warning.shown(at["aa"], wrong))

    on_a_federation(story)


@pytest.mark.slow
def test_acknowledging_and_answering():
    async def story(fed, at):
        told = await warning.issue(at["aa"], BODY)
        await fed.settled()
        one = await warning.answer(at["bb"], told["id"], {"until": "45m"})
        assert (one["state"], one["answer"]) == ("acknowledged", None)
        await refused(FormatError, "format.answer", warning.answer(at["bb"], told["id"], {"until": "8d"}))
        await refused(ConfigError, "config.value", warning.answer(at["bb"], told["id"], {"answer": "maybe"}))
        await refused(FormatError, "format.answer", warning.answer(at["bb"], told["id"], {"desk": "Frau Meier"}))
        await refused(PolicyError, "policy.not-asked", warning.answer(at["aa"], told["id"], {}))
        await refused(AccessError, "access.unknown-warning", warning.answer(at["bb"], "00000000", {}))
        await fed.settled()
        (seen,) = (await warning.listed(at["bb"], {}))["warnings"]
        assert seen["state"] == "acknowledged"
        # What was said is in the channel, as strictly marked as the warning.
        marks = fed.nodes["aa"].query(
            "SELECT marking FROM journal_rows WHERE member = 'bb' AND object_id LIKE 'note--%'"
        )
        assert marks == [(1,)]

    on_a_federation(story)


def test_a_channel_that_is_not_open_takes_no_warning():
    async def story(fed, at):
        fed.network.isolate("bb")
        await fed.core("aa").acts.create_channel("both", ChannelKind.BILATERAL, ("aa", "bb"))
        await refused(PolicyError, "policy.channel-pending", warning.issue(at["aa"], {**BODY, "channel": "both"}))

    on_a_federation(story, ("aa", "bb"))


@pytest.mark.slow
def test_watch_tells_of_warnings_what_a_row_says():
    async def story(fed, at):
        policy = {
            "ack_minutes": 1,
            "levels": [{"after_minutes": n, "roles": ["duty-officer"], "notifiers": ["terminal"]} for n in (0, 1)],
        }
        told = await warning.issue(at["aa"], {**BODY, "policy": policy})
        await fed.nodes["aa"].clock.sleep(2)
        await warning.answer(at["bb"], told["id"], {})
        await fed.nodes["aa"].clock.sleep(70)
        await warning.answer(at["bb"], told["id"], {"answer": "acting"})
        await fed.settled()
        rows = await at["bb"].journal.read(0, 1000)
        assert [one for one in rows if views.may_tell(one)] != rows
        found = await warning.happened(at["bb"], rows)
        events = [(one["event"], one["member"], one["level"], one["answer"]) for one in found.values()]
        assert events[:3] == [
            ("raised", "aa", None, None),
            ("paged", "bb", 1, None),
            ("acknowledged", "bb", None, None),
        ]
        assert ("paged", "bb", 1, None) in events[3:], "it came back"
        assert ("escalated", "cc", 2, None) in events
        assert events[-1] == ("answered", "bb", None, "acting")
        assert {one["headline"] for one in found.values()} == {BODY["headline"]}
        assert await warning.happened(at["bb"], [one for one in rows if one.kind == journal.Kind.RECEIPT]) == {}
        lines = [
            told_in._event({"added": "2026-01-01T00:00:00.000000Z", "kind": "entry", "warning": one})
            for one in found.values()
        ]
        assert "WARNING  flash cyber warning" in lines[0]
        assert "PAGE  level 1 for bb" in lines[1]
        assert any("cc is silent" in line for line in lines)
        assert "bb answered acting" in lines[-1]

    on_a_federation(story)


def test_a_plain_report_is_no_warning():
    async def story(fed, at):
        report = (
            b'{"type":"report","spec_version":"2.1","id":"report--00000000-0000-4000-8000-000000000001",'
            b'"created":"2026-01-01T00:00:00.000Z","modified":"2026-01-01T00:00:00.000Z","name":"x",'
            b'"published":"2026-01-01T00:00:00.000Z","object_refs":["malware--00000000-0000-4000-8000-000000000001"]}'
        )
        assert not (await fed.share("aa", "plenary", [report], Tlp.GREEN))[1]
        await fed.settled()
        told = await warning.listed(at["bb"], {"which": "all"})
        assert (told["warnings"], told["unread"]) == ([], [])
        rows = await at["bb"].journal.read(0, 100)
        assert await warning.happened(at["bb"], rows) == {}

    on_a_federation(story, ("aa", "bb"))
