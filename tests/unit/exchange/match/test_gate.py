"""The deny-list at the gate and behind it: refused here, kept from others, never told for blocking; the author's word."""

import asyncio
import json

import pytest

from tocsin.edge.audit import Audit, Operation, Use
from tocsin.edge.control import blocking, sharing
from tocsin.edge.control.sharing import Manner, Sharing, override_of
from tocsin.errors import ConfigError, PolicyError
from tocsin.exchange.match.chosen import CHOSEN
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.formats import denylist
from tocsin.formats.denylist import Lists, Source
from tocsin.ports.metrics import SILENT

LISTS = {
    "public-dns-v4": Source("dns", "cidr", 1, ["8.8.8.8", "1.1.1.1"], ["ip-src", "ip-dst"]),
    "amazon-aws": Source("aws", "cidr", 1, ["3.5.140.0/22"], ["ip-src"]),
    "alexa": Source("alexa", "hostname", 1, ["google.com"], ["domain", "url"]),
}


def lists():
    return Lists(denylist.compile_lists(LISTS, {name: CHOSEN[name].value != "hold" for name in LISTS}))


class Services:
    """Of edge.control.services, what these parts ask."""

    def __init__(self, core, meter=SILENT):
        self.members, self.journal, self.clock = core.members, core.journal, core.world.clock
        self.logs, self.denylist, self.synced, self.meter = core.logs, core.denylist, core.synced, meter
        self.publisher, self.concern = core.publisher, core.rooms.concern
        self.spool = MemorySpool
        self.audit = Audit(core.world.database, core.world.clock)
        self.share = lambda channel, floor, spool, urgent, allowed: core.share(
            channel, floor, spool, urgent=urgent, allowed=allowed
        )


class Meter:
    def __init__(self):
        self.counts = {}

    def count(self, name, value=1, **labels):
        key = (name, *labels.values())
        self.counts[key] = self.counts.get(key, 0) + value

    def observe(self, name, seconds, **labels):
        pass


async def shared(core, objects, override=sharing.NO_OVERRIDE, **how):
    async def body():
        for one in objects:
            yield json.dumps(one).encode() + b"\n"

    manner = Manner(Use("control", "uid:0", Operation.SHARE, "test"), override=override, **how)
    run = Sharing(Services(core), core.members.channel("plenary"), None, manner)
    events = [json.loads(line) async for line in run.run(body())]
    return events[-1], [one for one in events if one["event"] == "refused"]


def use(story):
    for one in story.fed.nodes:
        story.fed.core(one).denylist.use(lists())


@pytest.mark.slow
def test_the_gate_refuses_with_the_list_and_never_with_the_value(play):
    async def work(story):
        use(story)
        core = story.fed.core("aa")
        bad, good = story.indicator("one", "8.8.8.8"), story.indicator("two")
        done, refused = await shared(core, [good, bad])
        part, _ = await shared(core, [good, bad], partial=True)
        return done, refused, part, bad["id"]

    done, refused, part, id_ = play(work)
    assert (done["shared"], done["code"], done["exit_status"]) == (0, "policy.deny-listed", 4)
    assert [(one["ordinal"], one["id"], one["code"]) for one in refused] == [(2, id_, "policy.deny-listed")]
    assert "public-dns-v4" in refused[0]["what"]
    assert "8.8.8.8" not in json.dumps(refused)
    assert (part["shared"], part["refused"]) == (1, 1)


@pytest.mark.slow
def test_observations_and_victims_are_shared(play):
    async def work(story):
        use(story)
        core = story.fed.core("aa")
        seen = {
            "type": "ipv4-addr",
            "spec_version": "2.1",
            "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4",
            "value": "8.8.8.8",
        }
        victim = story.indicator("one", "8.8.8.8", indicator_types=["compromised"])
        done, refused = await shared(core, [{**seen, "object_marking_refs": victim["object_marking_refs"]}, victim])
        return done["shared"], refused

    assert play(work) == (2, [])


@pytest.mark.slow
def test_the_author_may_say_that_a_list_is_wrong_and_it_stands_in_the_journal(play):
    async def work(story):
        use(story)
        core = story.fed.core("aa")
        both = story.indicator("one", pattern="[ipv4-addr:value = '8.8.8.8' OR domain-name:value = 'google.com']")
        half, _ = await shared(core, [both], override_of("public-dns-v4", "our own resolver"))
        dry, _ = await shared(core, [both], override_of("public-dns-v4,alexa", "really"), dry_run=True)
        done, _ = await shared(core, [both], override_of("public-dns-v4,alexa", "really"))
        await story.fed.settled()
        await core.synced()
        rows = story.fed.nodes["aa"].query("SELECT name, content FROM journal_rows WHERE kind = 6")
        others = story.fed.nodes["bb"].query("SELECT COUNT(*) FROM journal_rows WHERE kind = 6")
        return half, dry, done, rows, others, both["id"]

    half, dry, done, rows, others, id_ = play(work)
    assert (half["code"], dry["would_share"], done["shared"]) == ("policy.deny-listed", 1, 1)
    ((name, content),) = rows
    said = json.loads(content)
    assert name == "allow-listed"
    assert (said["lists"], said["reason"], said["objects"]) == (["alexa", "public-dns-v4"], "really", [id_])
    assert others == [(0,)]


def test_an_override_takes_a_list_that_there_is_and_a_reason():
    assert override_of("", "") == sharing.NO_OVERRIDE
    assert override_of("members, too-broad", " because ").lists == {"members", "too-broad"}
    for names, reason in (("alexa", ""), ("alexa", "  "), ("", "why"), ("alxea", "why"), ("alexa", "x" * 257)):
        try:
            override_of(names, reason)
        except ConfigError as error:
            assert error.code == "config.value"
        else:
            raise AssertionError((names, reason))


@pytest.mark.slow
def test_what_others_send_is_kept_shown_with_its_list_and_never_exported(play):
    async def work(story):
        # aa and bb have no lists: whatever they were told is not our business. cc has.
        story.fed.core("cc").denylist.use(lists())
        for who in ("aa", "bb"):
            await story.share(
                who,
                story.indicator(f"{who} dns", "8.8.8.8"),
                story.indicator(f"{who} aws", "3.5.140.9"),
                story.indicator(f"{who} bad"),
            )
        core, meter = story.fed.core("cc"), Meter()
        services = Services(core, meter)
        export = await blocking.export(services, {})
        found = await blocking.listed(services, await all_of(core))
        held = story.fed.nodes["cc"].query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1 AND held IS NULL")
        core.denylist.use(denylist.empty())
        without = await blocking.export(services, {"kind": "ip"})
        return export, found, held, without, meter.counts

    export, found, held, without, counts = play(work)
    assert held == [(6,)]
    assert sorted(found.values()) == [["public-dns-v4"], ["public-dns-v4"]]
    assert [one["value"] for one in export["entries"]] == ["45.95.147.236"]
    assert (export["exported"], export["held_back"]) == (1, 2)
    assert export["held_back_by"] == {"amazon-aws": 1, "public-dns-v4": 1}
    assert [one["value"] for one in without["entries"]] == ["3.5.140.9", "45.95.147.236", "8.8.8.8"]
    assert counts == {
        ("tocsin_export_held_back_total", "amazon-aws"): 1,
        ("tocsin_export_held_back_total", "public-dns-v4"): 1,
    }


async def all_of(core):
    from tocsin.exchange.journal import search

    return await core.journal.database.read(lambda db: search.find(db, search.Query()))


@pytest.mark.slow
def test_a_new_member_network_holds_for_what_came_before(play):
    async def work(story):
        for who in ("aa", "bb"):
            await story.share(who, story.indicator(who, "45.1.2.3", indicator_types=["unknown"]))
        services = Services(story.fed.core("cc"))
        before = await blocking.export(services, {})
        charter = services.members.charter
        aa = charter.members["aa"]
        object.__setattr__(aa, "constituency", {"cidr": ("45.1.0.0/16",), "domains": ()})
        services.denylist.use(denylist.empty())
        return before["exported"], await blocking.export(services, {})

    before, after = play(work)
    assert before == 1
    assert (after["exported"], after["held_back_by"]) == (0, {"members": 1})


def test_own_networks_of_the_charter_are_refused_at_every_member(play):
    async def work(story):
        out = []
        for who in story.fed.nodes:
            done, _ = await shared(story.fed.core(who), [story.indicator(who, "45.1.2.3")])
            out.append(done["code"])
        return out

    described = {"bb": {"constituency": {"cidr": ["45.1.0.0/16"]}}}
    assert play(work, described=described) == ["policy.deny-listed"] * 3


def test_nothing_is_exported_without_the_lists_and_never_for_one_origin_unless_by_hand(play):
    async def work(story):
        await story.share("aa", story.indicator("one"))
        core = story.fed.core("cc")
        services = Services(core)
        refused = []
        for query in (
            {"min_origins": "1"},
            {"min_origins": "x"},
            {"min_origins": "0", "manual": "1"},
            {"kind": "email"},
        ):
            try:
                await blocking.export(services, query)
            except ConfigError as error:
                refused.append(error.code)
        by_hand = await blocking.export(services, {"manual": "1"})
        core.denylist.fault = "config.denylists"
        try:
            await blocking.export(services, {"manual": "1"})
        except ConfigError as error:
            refused.append(error.code)
        return refused, by_hand

    refused, by_hand = play(work)
    assert refused == ["config.value"] * 4 + ["config.denylists"]
    assert by_hand["manual"]
    assert [(one["value"], one["origins"], one["members"]) for one in by_hand["entries"]] == [
        ("45.95.147.236", 1, ["aa"])
    ]


def test_the_kill_switch_by_the_routes(play):
    async def work(story):
        await story.share("aa", story.indicator("one"))
        await story.share("bb", story.indicator("two"))
        services = Services(story.fed.core("cc"))
        refused = []
        for member, reason in (("cc", "x"), ("zz", "x"), ("aa", ""), ("aa", "x" * 257)):
            try:
                await blocking._decide(services, member, blocking.BLOCKED, reason)
            except (ConfigError, PolicyError) as error:
                refused.append(error.code)
        told = [await blocking._decide(services, "aa", blocking.BLOCKED, "wrong feed") for _ in range(2)]
        export, standing, origins = (
            await blocking.export(services, {"manual": "1"}),
            await blocking.standing(services),
            await blocking._origins(services),
        )
        await blocking._decide(services, "aa", blocking.UNBLOCKED, "")
        rows = story.fed.nodes["cc"].query("SELECT name, member FROM journal_rows WHERE kind = 6 ORDER BY position")
        return (
            refused,
            told,
            export["entries"],
            standing,
            origins,
            rows,
            (await blocking.export(services, {}))["exported"],
        )

    refused, told, entries, standing, origins, rows, after = play(work)
    assert refused == ["config.value", "policy.unknown-member", "config.value", "config.value"]
    assert told == [{"member": "aa", "blocked": True, "reason": "wrong feed"}] * 2
    assert [one["members"] for one in entries] == [["bb"]]
    assert [(one["member"], one["reason"]) for one in standing["blocked"]] == [("aa", "wrong feed")]
    assert [(one["member"], one["blocked"]) for one in origins] == [("aa", True), ("bb", False)]
    assert rows == [("origin-blocked", "aa"), ("origin-unblocked", "aa")], "told twice it is one decision"
    assert after == 1


@pytest.mark.slow
def test_indicators_wait_for_the_lists_and_other_objects_do_not(play):
    async def work(story):
        core = story.fed.core("aa")
        core.denylist._settled.clear()
        other = {
            **story.indicator("x"),
            "type": "malware",
            "id": "malware--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",
            "is_family": False,
        }
        for key in ("pattern", "pattern_type", "valid_from"):
            del other[key]
        done, _ = await shared(core, [other])
        waiting = asyncio.ensure_future(shared(core, [story.indicator("one", "8.8.8.8")]))
        await core.world.clock.sleep(5)
        early = waiting.done()
        core.denylist.use(lists())
        return done["shared"], early, (await waiting)[0]["code"]

    assert play(work) == (1, False, "policy.deny-listed")


def test_the_gate_counts_what_it_finds(play):
    async def work(story):
        meter = Meter()
        core = story.fed.core("aa")
        core.denylist._meter = meter
        core.denylist.use(lists())
        await shared(core, [story.indicator(str(n), "8.8.8.8") for n in range(3)])
        return meter.counts

    assert play(work) == {("tocsin_gate_listed_total", "public-dns-v4"): 3}
