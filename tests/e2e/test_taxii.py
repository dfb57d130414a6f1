"""TAXII over real sockets: a client of others reads us, and nothing gets lost while four write."""

import asyncio
import json
import socket
import threading
from dataclasses import dataclass

import pytest
import requests
import taxii2client.v21 as client
import uvicorn
from taxii2client.common import TokenAuth

from tocsin.backends.sqlite.database import ThreadedDatabase, connect, create_tables
from tocsin.edge import access, audit
from tocsin.edge.taxii.app import Services, build
from tocsin.exchange.journal import tables
from tocsin.exchange.journal.followers import Following
from tocsin.exchange.journal.journal import Journal, Kind, NewRow, append
from tocsin.exchange.journal.search import Search
from tocsin.testing.chance import SeededEntropy

NOW = 1_790_000_000_000_000
V1, V2 = "2026-01-01T00:00:00.000Z", "2026-01-02T00:00:00.000Z"


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


PLENARY = Channel(1, "5b1f4b9e-0000-5000-8000-000000000001", "plenary", "Plenary", "plenary")
CLOSED = Channel(2, "5b1f4b9e-0000-5000-8000-000000000002", "ransomware", "Ransomware", "thematic")


class Node:
    """A journal on disk, its search as a true follower, and the application over both."""

    def __init__(self, folder):
        path = str(folder / "node.db")
        connection = connect(path, create=True)
        create_tables(connection, (tables.TABLES, access.TABLES, audit.TABLES))
        connection.close()
        self.database = ThreadedDatabase(path)
        self.journal = Journal(self.database)
        self.following = Following(self.journal, Search(lambda log: log))
        self.accounts = access.Accounts(self.database, SteadyClock(), SeededEntropy(1))
        self.url = ""
        self.seq = 0
        self.app = build(
            Services(
                self.database,
                self,
                self.accounts,
                audit.Audit(self.database, SteadyClock()),
                lambda: self.url,
                "MA-CERT",
                SteadyClock(),
                self.synced,
            )
        )

    def channels(self):
        return [PLENARY, CLOSED]

    async def synced(self):
        await self.following.reached(self.journal.head)

    async def share(self, objects, channel=1):
        rows = []
        for object_id, version in objects:
            self.seq += 1
            told = {"type": object_id.partition("--")[0], "spec_version": "2.1", "id": object_id, "modified": version}
            rows.append(
                NewRow(
                    Kind.ENTRY,
                    channel,
                    self.seq,
                    "ma-cert",
                    object_id,
                    version,
                    "",
                    0,
                    0,
                    0,
                    content=json.dumps(told).encode(),
                )
            )
        self.journal.announce(await self.database.write(lambda tx: append(tx, rows, NOW)))


def tools(start, end, version=V1):
    return [(f"tool--{number:08}", version) for number in range(start, end)]


@pytest.fixture
def served(tmp_path):
    """(address, token, token that sees only the plenary) of a node with 2,501 objects behind a real server."""
    ready = threading.Event()
    told = []
    listening = socket.create_server(("127.0.0.1", 0))
    stop = []

    async def serve():
        node = Node(tmp_path)
        follow = asyncio.create_task(node.following.run())
        tokens = [await node.accounts.add("reader", "*"), await node.accounts.add("narrow", [PLENARY.id])]
        await node.share([*tools(0, 2500), ("tool--00000000", V2)])
        await node.share([("malware--1", V1)], channel=2)
        node.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(node.app, log_level="warning", loop="asyncio"))
        server.install_signal_handlers = lambda: None
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(setattr, server, "should_exit", True))
        told.extend([node.url, *tokens])
        ready.set()
        await server.serve(sockets=[listening])
        follow.cancel()
        await node.database.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield told
    stop[0]()
    thread.join(30)
    listening.close()
    assert not thread.is_alive()


def test_taxii2_client_reads_everything(served):
    url, token, narrow = served
    with client.Server(f"{url}/taxii2/", user="reader", password=token) as server:
        root = server.default
        assert (server.title, root.title, len(server.api_roots)) == ("MA-CERT", "MA-CERT", 1)
        assert root.max_content_length > 0
        plenary, closed = root.collections
        assert (plenary.alias, plenary.can_read, plenary.can_write) == ("plenary", True, False)
        pages = list(client.as_pages(plenary.get_objects, per_request=1000))
        assert [len(one["objects"]) for one in pages] == [1000, 1000, 500]
        assert len({one["id"] for page in pages for one in page["objects"]}) == 2500
        listed = [one for page in client.as_pages(plenary.get_manifest, per_request=900) for one in page["objects"]]
        assert len(listed) == 2500
        assert [one["date_added"] for one in listed] == sorted({one["date_added"] for one in listed})
        assert plenary.get_objects(added_after="2026-09-21T14:00:00Z", limit=5)["more"] is True
        assert plenary.get_objects(added_after=listed[-2]["date_added"])["objects"][0]["modified"] == V2
        assert plenary.get_object("tool--00000000", version="all")["objects"][0]["modified"] == V1
        assert plenary.object_versions("tool--00000000")["versions"] == [V1, V2]
        assert [one["id"] for one in closed.get_objects(type="malware")["objects"]] == ["malware--1"]
        with pytest.raises(requests.HTTPError) as caught:
            plenary.get_object("tool--99999999")
        assert caught.value.response.status_code == 404
        root.close()
    for auth in (Bearer(narrow), TokenAuth(narrow)):
        with client.ApiRoot(f"{url}/api1/", auth=auth) as root:
            assert [one.id for one in root.collections] == [PLENARY.id]
            root.collections[0].close()
    with client.Collection(f"{url}/api1/collections/{CLOSED.id}/", user="narrow", password=narrow) as hidden:
        with pytest.raises(requests.HTTPError) as caught:
            hidden.get_objects()
        assert caught.value.response.status_code == 404
    with client.Server(f"{url}/taxii2/", user="narrow", password=token) as server:
        with pytest.raises(requests.HTTPError) as caught:
            server.refresh()
        assert caught.value.response.status_code == 401


class Bearer(requests.auth.AuthBase):
    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def test_plain_http_requests_get_taxii_answers(served):
    url, token, _ = served
    with requests.Session() as session:
        session.auth = Bearer(token)
        objects = f"{url}/api1/collections/plenary/objects/"
        for method, path, status in (
            ("HEAD", objects, 200), ("POST", objects, 403), ("PUT", objects, 405), ("GET", objects[:-1], 404),
            ("GET", f"{objects}?limit=0", 400), ("GET", f"{objects}?%ff=%ff&match[id]=%ff", 200),
            ("GET", f"{url}/%ff%00/", 404), ("GET", f"{objects}%ff/", 404), ("DELETE", f"{objects}tool--00000001/", 403),
        ):  # fmt: skip
            answer = session.request(method, path, data=b"{}" * 1000 if method == "POST" else None)
            assert answer.status_code == status, (method, path)
            assert answer.headers["content-type"] == "application/taxii+json;version=2.1"


@pytest.mark.parametrize("by", ["next", "added_after"])
def test_a_reader_at_full_speed_misses_nothing_of_four_writers(tmp_path, by):
    count, batch = 2500, 50

    async def write(node, writer):
        for start in range(writer * count, (writer + 1) * count, batch):
            await node.share(tools(start, start + batch))

    async def ask(node, headers, query):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http", "method": "GET", "path": "/api1/collections/plenary/objects/", "headers": headers,
            "query_string": query.encode(),
        }  # fmt: skip
        await node.app(scope, None, send)
        return dict(sent[0]["headers"]), json.loads(sent[1]["body"])

    async def scenario():
        node = Node(tmp_path)
        follow = asyncio.create_task(node.following.run())
        token = await node.accounts.add("reader", "*")
        headers = [(b"authorization", f"Bearer {token}".encode())]
        writers = asyncio.gather(*(write(node, one) for one in range(4)))
        seen, query, dated, done = [], "limit=37", "", False
        while not done:
            finished = writers.done()
            told, envelope = await ask(node, headers, query)
            seen += [one["id"] for one in envelope.get("objects", ())]
            last = told.get(b"x-taxii-date-added-last")
            if last:
                dated = f"limit=37&added_after={last.decode()}"
            query = f"limit=37&next={envelope['next']}" if by == "next" and envelope["more"] else dated or query
            done = finished and not envelope["more"]
        await writers
        follow.cancel()
        await node.database.close()
        return seen

    seen = asyncio.run(scenario())
    assert len(seen) == len(set(seen)) == 4 * count
