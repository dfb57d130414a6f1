"""A member of a federation on the virtual clock, its console, and browsers that ask it without sockets."""

import asyncio
import importlib.util
import json
import re
import sys
from dataclasses import dataclass, field, replace
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlencode

import pyotp
import pytest
from argon2 import PasswordHasher

from tocsin.desk.finding.read import find
from tocsin.desk.office import Office, World
from tocsin.desk.reading import listings, opening
from tocsin.edge.access import Accounts
from tocsin.edge.audit import Audit
from tocsin.edge.console.app import build
from tocsin.edge.console.services import Services
from tocsin.edge.drafts.sealing import Sealing
from tocsin.edge.drafts.store import Drafts
from tocsin.edge.signin.devices import Devices
from tocsin.edge.signin.door import Door
from tocsin.edge.signin.passkeys import Passkeys
from tocsin.edge.signin.passwords import Passwords
from tocsin.edge.signin.people import People
from tocsin.edge.signin.sessions import Limits, Sessions
from tocsin.edge.signin.throttle import Throttle
from tocsin.edge.signin.tickets import Tickets
from tocsin.errors import FormatError
from tocsin.node import run as node
from tocsin.node.desk import Watching
from tocsin.node.home import Home
from tocsin.ports.outside import Fetched
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

URL = "http://127.0.0.1:7401"
FORM = "application/x-www-form-urlencoded"
PASSWORD = "correct horse battery staple"
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@dataclass
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def text(self):
        return self.body.decode(errors="replace")  # a PDF is no text

    @property
    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)

    def field(self, name="form_token"):
        return unescape(re.search(rf'name="{name}" value="([^"]*)"', self.text)[1])


@dataclass
class Browser:
    """Somebody at a browser: keeps cookies, sends what browsers send."""

    house: "House"
    address: str = "192.0.2.1"
    cookies: dict = field(default_factory=dict)

    async def ask(self, path, form=None, method=None, body=None, **headers):
        sent = {"host": "127.0.0.1:7401", **{key.replace("_", "-"): value for key, value in headers.items()}}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{key}={value}" for key, value in self.cookies.items())
        data = body if body is not None else urlencode(form or {}, doseq=True).encode()
        if form is not None:
            sent = {"origin": URL, "sec-fetch-site": "same-origin", "content-type": FORM, **sent}
        plain, _, query = path.partition("?")
        scope = {
            "type": "http",
            "method": method or ("POST" if form is not None or body is not None else "GET"),
            "path": plain,
            "raw_path": plain.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(key.encode(), value.encode()) for key, value in sent.items() if value is not None],
            "client": (self.address, 50000),
            "server": ("127.0.0.1", 7401),
        }
        out, parts = [], [{"type": "http.request", "body": data, "more_body": False}]

        async def receive():
            return parts.pop(0) if parts else {"type": "http.disconnect"}

        async def send(message):
            out.append(message)

        await self.house.app(scope, receive, send)
        told = [(key.decode(), value.decode()) for key, value in out[0]["headers"]]
        for key, value in told:
            if key == "set-cookie":
                name, _, rest = value.partition("=")
                kept = rest.partition(";")[0].strip('"')
                self.cookies.pop(name, None)
                if kept:
                    self.cookies[name] = kept
        return Reply(out[0]["status"], told, b"".join(one.get("body", b"") for one in out[1:]))

    async def post(self, page, path, **form):
        """A form of `page`, sent with what it was given."""
        shown = await self.ask(page)
        return await self.ask(path, {"form_token": shown.field(), **form})


ARTICLE = """<html><head><title>Ministry network held</title></head><body><article><h1>Ministry network held for ransom</h1>
<p>Ransomware has stopped the network of a ministry in Greece, the agency said on Monday; officials in Cyprus look for it too.</p>
<p>The malware calls 45.155.205[.]99 every hour and resolves by 8[.]8[.]8[.]8, analysts of the agency wrote in a report.</p>
<p>Hospitals and ports are told to look at their logs, and to keep them until the malware is understood by everybody.</p>
</article></body></html>"""
NEWS = "https://news.example/ministry"


class Reader:
    """The reading itself, without a process around it."""

    async def read(self, capture, body):
        return [(one, find(one)) for one in opening.read(capture, body).documents]

    async def leads(self, capture, body):
        return listings.leads(capture, body)


class Outside:
    """The web: every address has the one article."""

    async def fetch(self, wanted):
        return Fetched(200, wanted.url, "text/html", ARTICLE.encode())


class House:
    """One node's console."""

    password = PASSWORD
    url = URL

    def __init__(self, federation, url=URL):
        self.federation = federation
        self.core = federation.core("aa")
        self.clock = self.core.world.clock
        world = self.core.world
        self.people = People(world.database, world.clock, world.entropy)
        self.accounts = Accounts(world.database, world.clock, world.entropy)
        self.counted = []
        trail = Audit(world.database, world.clock)
        told = SimpleNamespace(accounts=self.accounts, metrics=None, reasons=self._reasons, audit=trail, figures=None)
        self.control = node._control(Home(Path("nowhere")), self.core, told, self.people, self._desk(), lambda: url)
        tickets = Tickets(bytes(32), world.clock, world.entropy)
        self.door = Door(
            self.people,
            Sessions(world.database, world.clock, world.entropy, Limits()),
            Devices(world.database, world.clock),
            Passwords(world.entropy, CHEAP),
            Passkeys(tickets, world.clock, "Tocsin aa"),
            tickets,
            Throttle(world.clock),
            world.clock,
        )
        self.sealing = Sealing(self.control, Drafts(world.database, world.clock, world.entropy), self._convert)
        self.services = Services(
            self.control, self.door, None, {"handle": "aa", "people_key": ""}, self._examine, self._backups,
            lambda: url, True, self, world.entropy, self.sealing, keys=self._keys,
        )  # fmt: skip
        self.app = build(self.services)

    def _desk(self):
        """The real office. Only what are other processes in a node is not: who parses, and who fetches."""
        core = self.core
        return Office(
            World(
                database=core.world.database,
                clock=core.world.clock,
                outside=Outside(),
                reader=Reader(),
                note=core.world.note,
                forbids=lambda kind, value: "on the list public-dns" if value == "8.8.8.8" else "",
                watched=Watching(core.rooms.interests, core.journal, core.world.clock),
                model=lambda: None,
                author=lambda: core.members.member(core.members.me).identity,
            )
        )

    def again(self, **changed):
        """The application with other services."""
        self.services = replace(self.services, **changed)
        self.app = build(self.services)

    def newest_share(self, member):
        """The position of the last entry here by a member: the name of its newest share."""
        rows = self.federation.nodes["aa"].query(
            "SELECT COALESCE(MAX(position), 0) FROM journal_rows WHERE kind = 1 AND member = ?", member
        )
        return str(rows[0][0])

    def count(self, name, value=1, **labels):
        self.counted.append(name)

    async def news(self):
        """What the desk made of the one article: its stories and the ids of its documents."""
        return await self.control.desk.imported(ARTICLE.encode(), NEWS, "text/html", "The Harbour Gazette")

    async def _convert(self, data):
        raise FormatError("format.misp", "no other process here")

    async def _reasons(self):
        return ()

    async def _examine(self):
        return [{"name": "keys", "state": "ok", "code": "", "what": "", "do": ""}]

    async def _keys(self):
        return {"handle": "aa", "version": 1, "certificate_end": "2027-01-01T00:00:00Z", "keys": []}

    async def _backups(self):
        return {"made_at_us": self.clock.now_us() - 3_600_000_000, "file": "kept.tar"}

    def browser(self, address="192.0.2.1"):
        return Browser(self, address)

    async def enroll(self, name, *roles):
        """A browser of somebody who has just come in by a one-time link."""
        token = await self.people.add(name, roles)
        browser = Browser(self)
        page = await browser.ask(f"/in/{token}")
        form = {"form_token": page.field(), "password": PASSWORD, "again": PASSWORD, "code": self.code(token)}
        assert (await browser.ask(f"/in/{token}", form)).status == 303
        self.secrets = {**getattr(self, "secrets", {}), name: self.door.secret_of(token)}
        return browser

    def code(self, token_or_name, later_s=0):
        secret = getattr(self, "secrets", {}).get(token_or_name) or self.door.secret_of(token_or_name)
        return pyotp.TOTP(secret).at(self.clock.now_us() // 1_000_000 + later_s)


@pytest.fixture(scope="session")
def samples():
    """The module samples.py: a line for each route."""
    return beside("samples")


def beside(name):
    """A module of this folder that is no test."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def newsdesk():
    """Put a small newsroom behind a house's console."""
    made = beside("newsdesk").Newsdesk

    def put(house, hostile=""):
        world = house.core.world
        desk = made(world.database, world.clock.now_us(), hostile)
        desk.piece = piece(77)
        house.again(control=replace(house.services.control, desk=desk))
        house.control = house.services.control
        return desk

    return put


@pytest.fixture
def make_house():
    return House


@pytest.fixture(name="piece")
def given_piece():
    return piece


def piece(number, **more):
    return json.dumps(
        {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{number:08x}-0000-4000-8000-000000000000",
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "name": f"thing {number}",
            "pattern": f"[ipv4-addr:value = '198.51.100.{number % 256}']",
            "pattern_type": "stix",
            "valid_from": "2026-01-01T00:00:00Z",
            "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
            **more,
        }
    ).encode()


@pytest.fixture
def visit():
    """Run `work(house)` on a running federation of two."""

    def running(work, shared=0):
        async def inside():
            federation = Federation(asyncio.get_running_loop(), ["aa", "bb"], 7)
            federation.nodes["aa"].described = {"countries": ["EG"], "blocs": ["AU"]}
            await federation.found()
            if shared:
                await federation.share("aa", "plenary", [piece(number) for number in range(shared)])
                await federation.settled()
            try:
                return await work(House(federation))
            finally:
                await federation.stop()

        return run(inside)

    return running
