"""A node's store with two channels and the application over it, asked without sockets."""

import asyncio
import base64
import json
from dataclasses import dataclass

import pytest

from tocsin.backends.sqlite.database import InlineDatabase, connect, create_tables
from tocsin.edge import access, audit
from tocsin.edge.taxii.app import Services, build
from tocsin.edge.taxii.paging import Limits
from tocsin.exchange.journal import tables
from tocsin.exchange.journal.journal import Kind, NewRow, append, read
from tocsin.exchange.journal.search import Search
from tocsin.testing.chance import SeededEntropy

TAXII = "application/taxii+json;version=2.1"
NOW = 1_790_000_000_000_000


class SteadyClock:
    def now_us(self):
        return NOW


@dataclass(frozen=True)
class Channel:
    number: int
    id: str
    name: str
    title: str
    kind: str


PLENARY = Channel(1, "5b1f4b9e-0000-5000-8000-000000000001", "plenary", "Plenary of example.org", "plenary")
CLOSED = Channel(2, "5b1f4b9e-0000-5000-8000-000000000002", "ransomware", "", "thematic")


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    def header(self, name):
        return next((value for key, value in self.headers if key == name), None)

    @property
    def ids(self):
        return [one["id"] for one in self.json.get("objects", [])]


class World:
    """One node. `share` puts (id, version) pairs or ready bytes into the journal; `get` asks the application."""

    def __init__(self, **limits):
        self.loop = asyncio.new_event_loop()
        connection = connect(":memory:", create=True)
        create_tables(connection, (tables.TABLES, access.TABLES, audit.TABLES))
        self.database = InlineDatabase(connection)
        self.clock = SteadyClock()
        self.accounts = access.Accounts(self.database, self.clock, SeededEntropy(1))
        self.audit = audit.Audit(self.database, self.clock)
        self.known = [PLENARY, CLOSED]
        self.syncs = 0
        self.seq = 0
        services = Services(
            self.database, self, self.accounts, self.audit, lambda: "https://cert.example:7451/", "MA-CERT", self.clock,
            self.synced, Limits(**limits),
        )  # fmt: skip
        self.app = build(services)
        self.token = self.run(self.accounts.add("reader", "*"))

    def run(self, coroutine):
        return self.loop.run_until_complete(coroutine)

    def channels(self):
        return self.known

    async def synced(self):
        self.syncs += 1

    def close(self):
        self.run(self.database.close())
        self.loop.close()

    def share(self, objects, channel=1, member="ma-cert"):
        rows = []
        for object_id, version, *content in objects:
            self.seq += 1
            data = content[0] if content else json.dumps({"id": object_id, "modified": version}).encode()
            rows.append(NewRow(Kind.ENTRY, channel, self.seq, member, object_id, version, "", 0, 0, 0, content=data))

        def work(tx):
            last = append(tx, rows, NOW)
            Search(lambda log: log).handle(read(tx, last - len(rows), len(rows)), tx)
            return last

        return self.run(self.database.write(work))

    def ask(self, path, method="GET", query="", headers=(), authorization=None):
        if authorization is None:
            authorization = f"Bearer {self.token}"
        path, _, after = path.partition("?")
        sent = []
        lines = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        if authorization:
            lines.append((b"authorization", authorization.encode("latin-1")))
        scope = {
            "type": "http", "method": method, "path": path, "query_string": (query or after).encode("latin-1"),
            "headers": lines,
        }  # fmt: skip

        async def send(message):
            sent.append(message)

        self.run(self.app(scope, None, send))
        start, body = sent
        told = [(name.decode(), value.decode()) for name, value in start["headers"]]
        return Reply(start["status"], told, body["body"])

    def get(self, path, **rest):
        return self.ask(f"/api1/collections/{PLENARY.id}/{path}", **rest)


def basic(name, token):
    return "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()


@pytest.fixture
def world():
    one = World()
    yield one
    one.close()


@pytest.fixture
def make_world():
    made = []

    def make(**limits):
        made.append(World(**limits))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="module")
def module_world():
    one = World()
    yield one
    one.close()
