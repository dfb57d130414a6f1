"""The audit trail: what leaves a record, what shows when one is changed, who may read it."""

import asyncio
import json
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.backends.sqlite.database import InlineDatabase
from tocsin.edge.access import OVERSIGHT, READER, RELEASER
from tocsin.edge.audit import Audit, Head, Operation, Seen, Use, digest
from tocsin.edge.control import app as control
from tocsin.edge.control import auditing
from tocsin.edge.people import Services as PeopleServices
from tocsin.edge.people import build as build_people
from tocsin.edge.signin.people import People
from tocsin.edge.taxii import app as taxii
from tocsin.exchange.journal import search
from tocsin.exchange.journal.journal import Journal
from tocsin.exchange.publish.spooled import MemorySpool
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.node import export
from tocsin.node.config import Settings
from tocsin.node.desk import Desk
from tocsin.node.run import _control
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Federation
from tocsin.testing.stores import in_memory
from tocsin.testing.virtualtime import run

USE = Use("control", "uid:0", Operation.READ, "because")
CANARY = "c4n4ry"


class SteadyClock:
    def __init__(self):
        self.slept = []

    def now_us(self):
        return 1_790_000_000_000_000

    async def sleep(self, seconds):
        self.slept.append(seconds)
        if len(self.slept) > 3:
            raise asyncio.CancelledError


class Trail:
    def __init__(self):
        self.connection = in_memory()
        self.clock = SteadyClock()
        self.audit = Audit(InlineDatabase(self.connection), self.clock)

    def run(self, coroutine):
        return asyncio.run(coroutine)

    def record(self, count):
        for number in range(count):
            self.run(self.audit.record(USE, [f"indicator--{number}"], Tlp.AMBER))

    def problems(self, noted=None):
        return [one["where"] for one in self.run(self.audit.verified(noted))]


# -- the chain


def test_only_what_is_above_green_leaves_a_record_one_for_a_page():
    trail = Trail()
    trail.run(trail.audit.seen(USE, [Seen("a--1", Tlp.CLEAR), Seen("a--2", Tlp.GREEN)]))
    assert trail.run(trail.audit.head()) == Head(0, bytes(32))
    trail.run(trail.audit.seen(USE, [Seen("a--2", Tlp.GREEN), Seen("a--4", Tlp.RED), Seen("a--3", Tlp.AMBER)]))
    (one,) = trail.run(trail.audit.listed())
    assert one["number"] == 1
    assert (one["objects"], one["ids"], one["highest"]) == (2, digest(["a--3", "a--4"]), "TLP:RED")
    assert (one["door"], one["who"], one["operation"], one["reason"]) == ("control", "uid:0", "read", "because")
    assert "a--3" not in json.dumps(one)


@given(st.integers(1, 12), st.data())
@settings(deadline=None, max_examples=60)
def test_whatever_is_changed_taken_out_or_cut_off_shows(count, data):
    trail = Trail()
    trail.record(count)
    assert trail.problems() == []
    number = data.draw(st.integers(1, count))
    match data.draw(st.sampled_from(["delete", "record", "hash", "swap", "cut"])):
        case "delete":
            trail.connection.execute("DELETE FROM edge_audit WHERE number = ?", (number,))
        case "record":
            said = trail.connection.execute("SELECT record FROM edge_audit WHERE number = ?", (number,)).fetchone()[0]
            trail.connection.execute(
                "UPDATE edge_audit SET record = ? WHERE number = ?", (said.replace(b"because", b"perhaps"), number)
            )
        case "hash":
            trail.connection.execute("UPDATE edge_audit SET hash = zeroblob(32) WHERE number = ?", (number,))
        case "swap":
            trail.connection.execute("UPDATE edge_audit SET number = ? WHERE number = ?", (count + 1, number))
        case "cut":
            trail.connection.execute("DELETE FROM edge_audit WHERE number >= ?", (number,))
    assert trail.problems() != []


def forge(trail, keep):
    """Cut the trail and mend its head: what somebody does who has the store in hand."""
    rows = trail.connection.execute("SELECT number, hash FROM edge_audit WHERE number = ?", (keep,)).fetchall()
    trail.connection.execute("DELETE FROM edge_audit WHERE number > ?", (keep,))
    trail.connection.execute("UPDATE edge_audit_head SET number = ?, hash = ?", rows[0])


def test_a_mended_head_is_found_by_one_that_was_noted():
    trail = Trail()
    trail.record(5)
    head = trail.run(trail.audit.head())
    forge(trail, 3)
    assert trail.problems() == []
    assert trail.problems(head) == ["record 5"]
    trail.record(4)
    assert trail.problems(head) == ["record 5"], "other records have come in their place"


def test_a_record_taken_out_with_the_rest_moved_up_shows():
    trail = Trail()
    trail.record(5)
    trail.connection.execute("DELETE FROM edge_audit WHERE number = 2")
    for number in (3, 4, 5):
        trail.connection.execute("UPDATE edge_audit SET number = ? WHERE number = ?", (number - 1, number))
    trail.connection.execute("UPDATE edge_audit_head SET number = 4")
    assert trail.problems() == ["record 2"]


def test_the_head_goes_into_the_journal_every_day_when_it_has_moved():
    trail = Trail()
    trail.record(5)

    async def noting():
        journal = Journal(trail.audit.database)
        await journal.load()
        with pytest.raises(asyncio.CancelledError):
            await trail.audit.note(journal)
        return journal.head

    assert trail.run(noting()) == 1
    assert trail.clock.slept == [86_400.0] * 4
    assert trail.run(noting()) == 1, "a restart writes nothing again"
    forge(trail, 3)
    assert trail.problems() == ["record 5"]


def test_what_is_said_stays_short_and_printable():
    trail = Trail()
    trail.run(trail.audit.record(Use("control", "x" * 500, Operation.SHARE, "a\nb\u2028" + "c" * 500), []))
    (one,) = trail.run(trail.audit.listed())
    assert len(one["who"]) == 128
    assert len(one["reason"]) == 256
    assert one["reason"].startswith("a b c")
    assert trail.run(trail.audit.counts()) == {"2026": {"share": 1}}


# -- the doors of a node


def thing(number, level=Tlp.AMBER, **more):
    value = {
        "type": "malware", "spec_version": "2.1", "id": f"malware--{number:08x}-0000-4000-8000-000000000000",
        "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "name": f"{CANARY} {number}",
        "is_family": False, "object_marking_refs": [marking_id(level)], **more,
    }  # fmt: skip
    return json.dumps(value).encode()


@dataclass(frozen=True)
class Reply:
    status_code: int
    text: str

    def json(self):
        return json.loads(self.text)


class Doors:
    """The applications of one member of a federation, and the accounts of the role table."""

    def __init__(self, core):
        told = PeopleServices(None, None, None)
        self.core = core
        from tocsin.edge.access import Accounts

        self.accounts = Accounts(core.world.database, core.world.clock, SeededEntropy(3))
        self.audit = Audit(core.world.database, core.world.clock)
        told = PeopleServices(self.accounts, _page, _none, self.audit, _figures)
        staff = People(core.world.database, core.world.clock, SeededEntropy(4))
        desk = Desk(core, Settings(core.me)).office
        self.services = replace(_control(None, core, told, staff, desk, lambda: ""), spool=MemorySpool)
        self.taxii = taxii.build(
            taxii.Services(core.world.database, core.members, self.accounts, self.audit, "http://x", "t",
                           core.world.clock, core.synced)
        )  # fmt: skip
        self.people = build_people(told, self.taxii)
        self.control = control.build(self.services)
        self.tokens = {}

    async def open(self):
        for kind in (READER, OVERSIGHT, RELEASER):
            self.tokens[kind] = await self.accounts.add(kind, "*", kind, "threat picture" if kind == READER else "")

    async def ask(self, app, path, method="GET", token=None, params=(), content=b""):
        path, _, query = path.partition("?")
        query = urlencode(dict(params)) or query
        scope = {
            "type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": quote(path).encode(),
            "query_string": query.encode(), "client": ("uid:1234", 0), "scheme": "http", "server": ("node", 80),
            "headers": [(b"authorization", f"Bearer {token}".encode())] if token else [], "root_path": "",
        }  # fmt: skip
        sent, said = [], [{"type": "http.request", "body": content, "more_body": False}]

        async def receive():
            return said.pop(0) if said else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)
        return Reply(sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:]).decode())

    async def records(self):
        return await self.audit.listed(limit=1000)


async def _page():
    return b"# metrics\n"


async def _none():
    return ()


async def _figures():
    return {"objections": {}}


def played(story):
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 5)
        await fed.found(Tlp.AMBER)
        await fed.share("aa", "plenary", [thing(1), thing(2)])
        await fed.share("aa", "plenary", [thing(3, Tlp.GREEN)])
        await fed.settled()
        doors = Doors(fed.core("bb"))
        await doors.open()
        try:
            return await story(fed, doors)
        finally:
            await fed.stop()

    return run(main)


class Filled(dict):
    """What stands in a path for each name; a name of a new route stands for itself."""

    def __missing__(self, name):
        return name


FILLED = Filled(name="plenary", id="0" * 64, object_id="malware--00000001-0000-4000-8000-000000000000")


def paths(routes):
    for route in routes:
        for name in auditing.named(route):
            method, _, path = name.partition(" ")
            yield name, method, path


@pytest.mark.slow
def test_no_route_of_the_control_socket_serves_content_above_green_without_a_record():
    async def story(fed, doors):
        silent, wrong = [], []
        for name, method, path in paths(doors.control.routes):
            if method != "GET":
                continue
            before = (await doors.audit.head()).number
            filled = path.format_map(FILLED)
            answer = await doors.ask(doors.control, filled, params={"after": 0, "follow": 0})
            has_content = CANARY in answer.text or "malware--" in answer.text
            recorded = (await doors.audit.head()).number - before
            if has_content and recorded != 1:
                wrong.append(name)
            if answer.status_code < 300 and not has_content and not recorded:
                silent.append(name)
        return silent, wrong, await doors.records()

    silent, wrong, records = played(story)
    assert wrong == []
    assert set(silent) <= auditing.SILENT | auditing.OWN, "a route that is not known is recorded"
    assert {one["who"] for one in records} == {"uid:1234"}


def test_routes_that_are_listed_exist():
    names = {name for name, _, _ in paths(control.build(None).routes)}
    assert auditing.SILENT | auditing.OWN | auditing.OPERATIONS.keys() <= names
    assert not auditing.SILENT & auditing.OWN


def test_a_new_route_is_recorded_by_itself():
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def leak(_request):
        return PlainTextResponse(CANARY)

    async def story(fed, doors):
        (route,) = auditing.audited(doors.services, [Route("/new/{thing}", leak)])
        from starlette.applications import Starlette

        await doors.ask(Starlette(routes=[route]), "/new/malware--1", params={"reason": "try"})
        return await doors.records()

    (one,) = played(story)
    assert (one["operation"], one["objects"], one["reason"]) == ("read", 1, "try")


def test_no_route_of_taxii_serves_content_above_green_without_a_record():
    async def story(fed, doors):
        out = []
        for name, _, _ in taxii._ROUTES:
            path = {
                "objects": "/api1/collections/plenary/objects/",
                "manifest": "/api1/collections/plenary/manifest/",
                "object": f"/api1/collections/plenary/objects/{FILLED['object_id']}/",
                "versions": f"/api1/collections/plenary/objects/{FILLED['object_id']}/versions/",
                "collection": "/api1/collections/plenary/",
                "collections": "/api1/collections/",
                "discovery": "/taxii2/",
                "root": "/api1/",
                "status": "/api1/status/1/",
            }[name]
            before = (await doors.audit.head()).number
            answer = await doors.ask(doors.taxii, path, token=doors.tokens[READER])
            out.append(
                (name, answer.status_code, "malware--" in answer.text, (await doors.audit.head()).number - before)
            )
        return out, await doors.records()

    out, records = played(story)
    # `versions` tells no id, but whoever asks knows it.
    wanted = dict.fromkeys(("objects", "manifest", "object", "versions"), 1)
    assert {name: count for name, _, _, count in out if count} == wanted
    assert {name for name, _, leaked, _ in out if leaked} == {"objects", "manifest", "object"}
    assert {(one["who"], one["reason"]) for one in records} == {("account:reader", "threat picture")}
    assert [one["operation"] for one in reversed(records)] == ["export", "search", "read", "search"]


def test_green_leaves_no_record():
    async def story(fed, doors):
        green = "malware--00000003-0000-4000-8000-000000000000"
        answer = await doors.ask(doors.control, f"/objects/{green}")
        other = await doors.ask(doors.taxii, f"/api1/collections/plenary/objects/{green}/", token=doors.tokens[READER])
        return answer.status_code, other.status_code, await doors.records()

    assert played(story) == (200, 200, [])


def test_nothing_goes_out_when_the_record_cannot_be_written():
    async def story(fed, doors):
        fed.nodes["bb"].query("DROP TABLE edge_audit_head")
        answers = []
        for app, path in (
            (doors.control, f"/objects/{FILLED['object_id']}"),
            (doors.control, "/objects"),
            (doors.taxii, "/api1/collections/plenary/objects/"),
        ):
            try:
                answer = await doors.ask(app, path, token=doors.tokens[READER])
                answers.append(CANARY in answer.text)
            except Exception:  # noqa: BLE001 - the store refused: whatever the door makes of it, nothing has gone out
                answers.append(False)
        return answers

    assert played(story) == [False, False, False]


ROLES = [
    # account, /taxii2/, a collection's objects, /metrics, /audit
    (READER, 200, 200, 200, 403),
    (OVERSIGHT, 403, 403, 403, 200),
    (RELEASER, 403, 403, 403, 403),
    (None, 401, 401, 401, 401),
]


def test_the_table_of_roles():
    async def story(fed, doors):
        rows = []
        for kind in (READER, OVERSIGHT, RELEASER, None):
            asked = ("/taxii2/", "/api1/collections/plenary/objects/", "/metrics", "/audit")
            answers = [await doors.ask(doors.people, path, token=doors.tokens.get(kind)) for path in asked]
            rows.append((kind, *(one.status_code for one in answers)))
            for path in ("/audit/problems", "/audit/figures"):
                assert (await doors.ask(doors.people, path, token=doors.tokens.get(kind))).status_code == answers[
                    3
                ].status_code
        seen = await doors.ask(doors.people, "/audit?limit=1&before=99", token=doors.tokens[OVERSIGHT])
        figures = await doors.ask(doors.people, "/audit/figures", token=doors.tokens[OVERSIGHT])
        verdict = await doors.ask(doors.people, "/audit/problems", token=doors.tokens[OVERSIGHT])
        return rows, seen.json(), figures.json(), verdict.json()

    rows, seen, figures, verdict = played(story)
    assert rows == ROLES
    assert len(seen["records"]) == 1
    assert seen["head"]["number"] >= 1
    assert CANARY not in json.dumps(seen)
    assert "malware--" not in json.dumps(seen)
    assert figures == {"uses": {"2026": {"export": 1}}, "objections": {}}
    assert (verdict["ok"], verdict["head"]) == (True, seen["head"])


def test_a_share_above_green_is_recorded_before_it_is_committed():
    async def story(fed, doors):
        before = await doors.records()
        answer = await doors.ask(
            doors.control,
            "/share",
            "POST",
            params={"channel": "plenary"},
            content=thing(7) + thing(8),
        )
        assert '"exit_status":0' in answer.text, answer.text
        return before, await doors.records()

    before, (one,) = played(story)
    assert before == []
    assert (one["operation"], one["objects"]) == ("share", 2)


def test_fsck_finds_what_is_missing():
    async def story(fed, doors):
        await doors.ask(doors.control, "/objects")
        await doors.ask(doors.control, "/objects")
        good = await fed.nodes["bb"].fsck()
        fed.nodes["bb"].query("DELETE FROM edge_audit WHERE number = 1")
        return good["ok"], [one["code"] for one in (await fed.nodes["bb"].fsck())["problems"]]

    ok, codes = played(story)
    assert ok
    assert set(codes) == {"fsck.audit"}


# -- nothing past its date, nothing suspended, by any door


async def everything_asked(doors, object_id):
    """What every route that reads tells, of the control socket and of TAXII."""
    out = {}
    for name, method, path in paths(doors.control.routes):
        if method == "GET":
            filled = path.format_map(Filled(FILLED, object_id=object_id))
            out[name] = (await doors.ask(doors.control, filled, params={"after": 0, "follow": 0})).text
    for path in ("objects/", "manifest/", f"objects/{object_id}/", f"objects/{object_id}/versions/"):
        answer = await doors.ask(doors.taxii, f"/api1/collections/plenary/{path}", token=doors.tokens[READER])
        out[path] = f"{answer.status_code} {answer.text}"
    return out


def exported(fed, handle, now_us):
    """Every line of `tocsin log export` of what `aa` shared in the plenary."""
    core, node = fed.core(handle), fed.nodes[handle]
    log = core.logs.get(core.members.channel("plenary").slots["aa"])

    class Asked:
        def query(self, sql, args=()):
            return node.query(sql, *args)

    return b"".join(
        export.lines(Asked(), export.Sight(log, log.size, [core.members.charter], [], None, now_us))
    ).decode()


@pytest.mark.slow
def test_six_years_on_nothing_is_served_before_anything_is_swept():
    async def story(fed, doors):
        ids = [f"malware--{number:08x}-0000-4000-8000-000000000000" for number in (1, 2, 3)]
        before = [await everything_asked(doors, one) for one in ids]
        lines = [exported(fed, "bb", fed.nodes["bb"].clock.now_us())]
        for node in fed.nodes.values():
            node.clock.offset_s += 6 * 366 * 86_400.0
        after = [await everything_asked(doors, one) for one in ids]
        lines.append(exported(fed, "bb", fed.nodes["bb"].clock.now_us()))
        left = fed.nodes["bb"].query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1 AND content IS NOT NULL")
        return before, after, lines, left

    before, after, lines, left = played(story)
    assert left == [(3,)], "nothing is swept yet: it is the readers who do not serve it"
    told = [name for one in before for name, text in one.items() if CANARY in text]
    assert {"GET /objects", "GET /objects/{object_id}", "GET /watch", "objects/"} <= set(told)
    assert [name for one in after for name, text in one.items() if CANARY in text] == []
    assert all(one[path].startswith("404") for one in after for path in one if path.startswith("objects/malware"))
    assert CANARY in lines[0]
    assert CANARY not in lines[1]
    assert lines[1].count('"commitment"') == 3


@pytest.mark.slow
def test_what_is_suspended_is_served_by_no_door():
    async def story(fed, doors):
        ids = [f"malware--{number:08x}-0000-4000-8000-000000000000" for number in (1, 2, 3)]
        for one in ids:
            await fed.core("bb").world.database.write(lambda tx, one=one: search.hide(tx, one, "", "suspended", 1))
        return [await everything_asked(doors, one) for one in ids], exported(fed, "bb", 1)

    told, lines = played(story)
    assert [name for one in told for name, text in one.items() if CANARY in text] == []
    assert CANARY not in lines
