"""Every route against everybody: not signed in, every role, and every relation to what stands in the address."""

import asyncio
import json
import re
from types import SimpleNamespace

import pytest

from tocsin.desk.sources import Kind as SourceKind
from tocsin.desk.sources import Source
from tocsin.edge.console.app import twin_path
from tocsin.edge.console.pages import ALL
from tocsin.edge.console.permissions import NOBODY, TABLE
from tocsin.edge.control import correcting, erasing
from tocsin.edge.drafts.store import Kind, New, State
from tocsin.edge.signin.roles import Role
from tocsin.exchange.journal import search
from tocsin.exchange.warn.warnings import Wish
from tocsin.formats.alert import Topic, Urgency
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

PAGES = {(one.method, one.path): one for one in ALL}
NOWHERE = "/nothing-of-the-kind"
LATER = 400 * 86_400


def indicator(number):
    return f"indicator--{number:08x}-0000-4000-8000-000000000000"


class World:
    """A node in whose federation something stands in each relation to it."""

    def __init__(self, house, piece):
        self.house = house
        self._piece = piece
        self._fresh = 0
        self.things = {
            "asset": {"there": "console.css", "absent": "console.xss"},
            "token": {"absent": "y" * 43},
            "draft": {"absent": "0" * 32},
            "member": {"there": "bb", "absent": "zz"},
            "channel": {"there": "quiet", "absent": "quips", "not ours": "other"},
            "object": {
                "there": indicator(1),
                "absent": indicator(9),
                "in a channel that is not ours": indicator(2),
                "erased": indicator(3),
                "recalled": indicator(4),
                "suspended": indicator(5),
                "past its time": indicator(6),
            },
            "ours": {
                "there": indicator(1),
                "absent": indicator(9),
                "erased": indicator(3),
                "another member's": indicator(5),
                "taken back by another": indicator(4),
                "in a channel that is not ours": indicator(2),
            },
            "changed": {
                "there": indicator(7),
                "absent": indicator(9),
                "as it was": indicator(1),
                "theirs": indicator(4),
            },
            "story": {"absent": "0" * 32},
            "document": {"absent": "0" * 32},
            "warning": {"absent": "report--00000009-0000-4000-8000-000000000000", "no id": "not-an-id-at-all"},
        }

    async def made(self):
        """Everything that the table of things names, by the ways by which it comes to be."""
        federation = self.house.federation
        core = self.house.core
        await federation.channel("quiet", ChannelKind.THEMATIC, ["aa", "bb"])
        await federation.channel("other", ChannelKind.THEMATIC, ["bb", "cc"])
        for handle, channel, number, more in (
            ("aa", "plenary", 1, {}),
            ("bb", "other", 2, {}),
            ("aa", "plenary", 3, {}),
            ("bb", "plenary", 4, {}),
            ("bb", "plenary", 5, {}),
            ("bb", "plenary", 6, {}),
            ("aa", "plenary", 7, {}),
        ):
            _, refused = await federation.share(handle, channel, [self._piece(number, **more)])
            assert not refused
        await federation.settled()
        await erasing.give(self.house.control, {"object_id": indicator(3), "channel": "plenary", "reason": "test"})
        await correcting.take_back(_services(federation.core("bb")), {"object_id": indicator(4), "reason": "test"})
        await correcting.take_back(self.house.control, {"object_id": indicator(7), "reason": "test"})
        await federation.settled()
        await self._warn()
        database = core.world.database
        await database.write(lambda tx: search.hide(tx, indicator(5), "bb", "suspended", 1))
        await database.write(lambda tx: search.hide(tx, self.things["warning"]["suspended"], "bb", "suspended", 1))
        await database.write(
            lambda tx: tx.execute("UPDATE journal_rows SET keep_until = 1 WHERE object_id = ?", (indicator(6),))
        )
        await core.synced()
        await self.house.people.add("target", ["duty"])
        self.things["share"] = {
            "there": self.house.newest_share("aa"),
            "absent": "999999",
            "of another member": self.house.newest_share("bb"),
            "no number": "999999x",
        }
        news, desk = await self.house.news(), self.house.control.desk
        self.things["story"]["there"], self.things["document"]["there"] = news["stories"][0], news["ids"][0]
        await desk.register.add(Source("wire", SourceKind.PAGE, "https://wire.example/"))
        self.things["token"]["there"] = await self.house.people.add("invited", ["duty"])
        await self.house.accounts.add("program", "*")
        for relation, state in (
            ("there", State.SEALED),
            ("another person's", State.READY),
            ("waits for a second person", State.APPROVAL),
        ):
            made = New("target", Kind.REPORT, State.READY, "a draft", {}, b"given")
            self.things["draft"][relation] = id_ = await self.house.sealing.drafts.add(made)
            shown = {"channel": "plenary", "channel_kind": "plenary", "count": 2, "markings": {}, "second": []}
            shown |= {key: [] for key in ("readers", "objects", "names", "refusals", "acknowledge", "seconds")}
            shown |= {"accepted": 1, "refused": 0, "already_shared": 0, "persons": 0, "warning": None, "release": ""}
            shown |= {"concerned": {"untold": []}}
            await self.house.sealing.drafts.move(id_, (State.READY,), state=state, shown=shown, digest="y")
        return self

    async def _warn(self):
        """One that asks us, one of ours, one of a channel that is not ours, one that its giver took back with all it said."""
        federation, things = self.house.federation, self.things["warning"]
        said = ("Harbour controllers attacked", Topic.CYBER, Urgency.ROUTINE, "ports", "Look at the logs.", Tlp.GREEN)
        channels = {
            "there": "plenary",
            "in a channel that is not ours": "other",
            "recalled": "plenary",
            "suspended": "plenary",
        }
        bb = federation.core("bb")
        for relation, channel in channels.items():
            wish = Wish(*said, key=relation.replace(" ", "-") + "-warning")
            made = await bb.rooms.watchkeeping.warnings.issue(bb.members.channel(channel), wish)
            things[relation] = made.id
        await federation.settled()
        aa = federation.core("aa")
        wish = Wish(*said, key="of-our-own-warning")
        things["ours"] = (await aa.rooms.watchkeeping.warnings.issue(aa.members.channel("plenary"), wish)).id
        await federation.settled()
        await correcting.take_back(_services(bb), {"object_id": things["recalled"], "reason": "test"})
        await federation.settled()

    def fresh(self):
        self._fresh += 1
        return f"fresh-{self._fresh}"

    def address(self):
        """Somebody else's."""
        self._fresh += 1
        return f"198.18.{self._fresh // 250}.{self._fresh % 250}"


def _services(core):
    """As much of the control routes' services as a recall needs, of a member that has no console."""
    return SimpleNamespace(members=core.members, corrections=core.corrections, synced=core.synced)


@pytest.fixture
def world(make_house, piece):
    def running(work):
        async def inside():
            federation = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 7)
            await federation.found()
            try:
                return await work(await World(make_house(federation), piece).made())
            finally:
                await federation.stop()

        return run(inside)

    return running


def test_every_route_has_a_row_a_sample_and_a_page(samples):
    of_the_app = {("GET", one) for one in ("/manifest.webmanifest", "/service-worker.js", "/offline")}
    routes = PAGES.keys() | of_the_app | {("GET", "/static/{name}"), ("POST", "/csp-report")}
    assert routes == TABLE.keys(), "edge/console/permissions.py and the PAGES of pages/ differ"
    missing, stale = TABLE.keys() - samples.SAMPLES.keys(), samples.SAMPLES.keys() - TABLE.keys()
    assert not missing, f"tests/unit/edge/console/samples.py needs a line for each of {sorted(missing)}"
    assert not stale, f"tests/unit/edge/console/samples.py has lines of routes that are not there: {sorted(stale)}"
    for (method, path), sample in samples.SAMPLES.items():
        braces = re.findall(r"\{\w+\}", path)
        assert len(braces) <= 1 or sample.of, f"{method} {path}: what are the parts in braces?"
        assert not braces or sample.of, f"{method} {path} has a part in braces, and its sample no kind of thing for it"
        assert (TABLE[(method, path)] == NOBODY) == bool(sample.signed_out), f"{method} {path}: signed_out"


def told(reply, *, without=()):
    """All that somebody learns from an answer, without the names that were asked for."""
    unlike = {"set-cookie", *(["content-length"] if without else [])}  # the name that was asked for has a length
    body, headers = reply.body, str([one for one in reply.headers if one[0] not in unlike])
    for name in without:
        body, headers = body.replace(name.encode(), b"~"), headers.replace(name, "~")
    return reply.status, headers, body


def put(path, thing):
    return re.sub(r"\{\w+\}", thing, path)


async def ask(browser, world, key, sample, thing, token):
    """One request as the sample says, about one thing."""
    method, path = key
    if method == "GET":
        return await browser.ask(put(path, thing))
    return await browser.ask(put(path, thing), filled(world, sample, thing, token))


def filled(world, sample, thing, token):
    """The sample's form about one thing."""
    form = {name: value.format(thing=thing, fresh=world.fresh()) for name, value in sample.form.items()}
    return {"form_token": token, **form}


def things_of(world, sample):
    return world.things[sample.of] if sample.of else {"there": ""}


async def visitor(world, role):
    """A browser of somebody with this role, and the token for its forms."""
    browser = await world.house.enroll(world.fresh(), role.value)
    return browser, (await browser.ask("/me")).field()


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role), ids=str)
def test_a_role_opens_its_rows_and_cannot_tell_another_from_nothing(world, samples, role):
    async def story(world):
        browser, token = await visitor(world, role)
        absent, twin = told(await browser.ask(NOWHERE)), told(await browser.ask(f"{NOWHERE}.json"))
        assert (absent[0], twin[0]) == (404, 404)
        for key, allowed in TABLE.items():
            method, path = key
            sample, page = samples.SAMPLES[key], PAGES.get(key)
            if allowed == NOBODY or role in allowed:
                continue
            for relation, thing in things_of(world, sample).items():
                found = told(await ask(browser, world, key, sample, thing, token))
                assert found == absent, (key, relation)
                if method == "GET" and page.has_twin:
                    found = told(await browser.ask(twin_path(put(path, thing))))
                    assert found == twin, (key, relation)
                for other in ("PUT", "DELETE", "PATCH"):
                    assert told(await browser.ask(put(path, thing), method=other)) == absent, (other, path)

    world(story)


@pytest.mark.slow
@pytest.mark.parametrize("role", list(Role), ids=str)
def test_who_may_open_it_is_shown_what_is_there_and_cannot_tell_hidden_from_absent(world, samples, role):
    async def story(world):
        for key, allowed in TABLE.items():
            method, path = key
            sample, page = samples.SAMPLES[key], PAGES.get(key)
            if role not in allowed:
                continue
            things = things_of(world, sample)
            browser, token = await visitor(world, role)  # a new one for each: some forms end the session
            if method == "GET" and sample.of:
                where = put(path, things["absent"])
                absent, twin = told(await browser.ask(where)), told(await browser.ask(twin_path(where)))
                assert (absent[0], twin[0]) == (404, 404), key
                for relation, thing in things.items():
                    if relation not in sample.shown:
                        assert told(await browser.ask(put(path, thing))) == absent, (key, relation)
                        assert told(await browser.ask(twin_path(put(path, thing)))) == twin, (key, relation)
            if method == "POST" and len(things) > 1:
                of_absent = told(
                    await ask(browser, world, key, sample, things["absent"], token), without=[things["absent"]]
                )
                for relation, thing in things.items():
                    if relation not in sample.shown:
                        found = told(await ask(browser, world, key, sample, thing, token), without=[thing])
                        assert found == of_absent, (key, relation)
            for relation in sample.shown:
                reply = await ask(browser, world, key, sample, things[relation], token)
                assert reply.status in sample.answers, (key, relation, reply.status, reply.text[:2000])
                assert b"access.form" not in reply.body, key
                if method == "GET" and page.has_twin and reply.status == 200:
                    twin = await browser.ask(twin_path(put(path, things[relation])))
                    assert (twin.status, twin.header("content-type")) == (200, "application/json"), (key, relation)
                    json.loads(twin.body)

    world(story)


@pytest.mark.slow
def test_who_is_not_signed_in_is_sent_to_the_same_door_from_everywhere(world, samples):
    async def story(world):
        for key, allowed in TABLE.items():
            method, path = key
            sample = samples.SAMPLES[key]
            for relation, thing in things_of(world, sample).items():
                browser = world.house.browser(world.address())
                form = (await browser.ask("/sign-in")).field()
                if allowed == NOBODY:
                    await world.house.clock.sleep(900)  # who tries too often is told to wait
                where = put(path, thing)
                sent = filled(world, sample, thing, form) if method == "POST" else None
                reply = await browser.ask(where, sent)
                if allowed == NOBODY:
                    assert reply.status in sample.signed_out or relation not in sample.shown, (key, reply.status)
                    assert b"access.form" not in reply.body, key
                    continue
                there = told(reply, without=[where])
                nothing = told(await browser.ask(NOWHERE, sent), without=[NOWHERE])
                if where != "/":
                    assert there == nothing, (key, relation)
                assert reply.status == (401 if method == "POST" else 303)
                twin = told(await browser.ask(twin_path(where)))
                assert twin == told(await browser.ask(f"{NOWHERE}.json")), (key, relation)

    world(story)


@pytest.mark.slow
def test_a_form_of_who_may_not_does_nothing(world, samples):
    """Beside the answer, which is that of nothing: the store is as it was."""

    async def story(world):
        node = world.house.federation.nodes["aa"]
        names = [row[0] for row in node.query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]

        def held():
            return {name: node.query(f"SELECT * FROM {name}") for name in names}  # noqa: S608 - names of our own tables

        for role in Role:
            browser, token = await visitor(world, role)
            before = held()
            for key, allowed in TABLE.items():
                if key[0] == "POST" and allowed != NOBODY and role not in allowed:
                    sample = samples.SAMPLES[key]
                    await ask(browser, world, key, sample, things_of(world, sample)["there"], token)
            after = held()
            assert {name for name in names if before[name] != after[name]} == set(), role

    world(story)
