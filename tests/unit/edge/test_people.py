"""Health for everybody, metrics for who may read everything, all else for the application behind."""

import asyncio
import json

import pytest

from tocsin.backends.sqlite.database import InlineDatabase, connect, create_tables
from tocsin.edge.access import TABLES, Accounts
from tocsin.edge.people import EXPOSITION, Reason, Services, build
from tocsin.errors import StoreError
from tocsin.testing.chance import SeededEntropy

PAGE = b"# TYPE tocsin_journal_position gauge\ntocsin_journal_position 7\n"


class SteadyClock:
    def now_us(self):
        return 1_790_000_000_000_000


class House:
    """The application over a store with two accounts."""

    def __init__(self):
        self.connection = connect(":memory:", create=True)
        create_tables(self.connection, (TABLES,))
        self.accounts = Accounts(InlineDatabase(self.connection), SteadyClock(), SeededEntropy(7))
        self.reasons = []
        self.reads = 0
        self.failure = None
        self.passed = []

        async def metrics():
            self.reads += 1
            if self.failure:
                raise self.failure
            return PAGE

        async def reasons():
            return self.reasons

        async def behind(scope, receive, send):
            self.passed.append(scope)
            if scope["type"] == "http":
                await send({"type": "http.response.start", "status": 418, "headers": []})
                await send({"type": "http.response.body", "body": b"behind"})

        self.app = build(Services(self.accounts, metrics, reasons), behind)

    async def ask(self, path, token=None, method="GET"):
        """(status, headers, body)."""
        sent = []

        async def send(message):
            sent.append(message)

        headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
        scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b""}
        await self.app(scope, None, send)
        start, body = sent
        told = {key.decode(): value.decode() for key, value in start["headers"]}
        if "content-length" in told and method != "HEAD":
            assert int(told["content-length"]) == len(body["body"])
        return start["status"], told, body["body"]


@pytest.fixture
def house():
    house = House()
    yield house
    house.connection.close()


def test_health_is_for_everybody_and_asks_nothing(house):
    house.reasons = [Reason("store.read", "no answer")]
    house.failure = StoreError("store.read", "no answer")
    status, headers, body = asyncio.run(house.ask("/healthz"))
    assert (status, body) == (200, b"ok\n")
    assert headers["cache-control"] == "no-store"
    assert house.reads == 0


def test_readiness_tells_its_reasons(house):
    status, headers, body = asyncio.run(house.ask("/readyz"))
    assert (status, json.loads(body)) == (200, {"ready": True, "reasons": []})
    assert headers["content-type"] == "application/json"
    house.reasons = [Reason("tlog.behind", "1 of our 2 logs may not be signed")]
    status, _, body = asyncio.run(house.ask("/readyz"))
    assert status == 503
    told = {"code": "tlog.behind", "what": "1 of our 2 logs may not be signed"}
    assert json.loads(body) == {"ready": False, "reasons": [told]}


def test_metrics_are_for_accounts_that_may_read_every_channel(house):
    async def main():
        every, one = await house.accounts.add("watch", "*"), await house.accounts.add("siem", ["channel-1"])
        for token, wanted in ((None, 401), ("tcs_" + "A" * 43, 401), (one, 403)):
            status, headers, body = await house.ask("/metrics", token)
            assert status == wanted
            assert PAGE not in body
            assert ("www-authenticate" in headers) == (wanted == 401)
        assert house.reads == 0
        status, headers, body = await house.ask("/metrics", every)
        assert (status, headers["content-type"], body) == (200, EXPOSITION, PAGE)
        await house.accounts.remove("watch")
        assert (await house.ask("/metrics", every))[0] == 401

    asyncio.run(main())


def test_metrics_of_a_store_that_does_not_answer(house):
    async def main():
        token = await house.accounts.add("watch", "*")
        house.failure = StoreError("store.read", "no answer")
        return await house.ask("/metrics", token)

    status, _, body = asyncio.run(main())
    assert (status, body) == (503, b"store.read: the store does not answer\n")


def test_only_reading(house):
    for path in ("/healthz", "/readyz", "/metrics"):
        status, headers, _ = asyncio.run(house.ask(path, method="POST"))
        assert (status, headers["allow"]) == (405, "GET, HEAD")
    status, headers, body = asyncio.run(house.ask("/healthz", method="HEAD"))
    assert (status, headers["content-length"], body) == (200, "3", b"")


def test_everything_else_goes_behind(house):
    for path in ("/", "/taxii2/", "/metrics/", "/healthz/x", "/api1/collections/"):
        assert asyncio.run(house.ask(path))[::2] == (418, b"behind")
    asyncio.run(house.app({"type": "lifespan"}, None, None))
    assert house.passed[-1] == {"type": "lifespan"}
    assert len(house.passed) == 6
