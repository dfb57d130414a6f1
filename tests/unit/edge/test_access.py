"""Accounts: only the right token opens one, it opens what was granted, and it is not kept."""

import asyncio
import base64

import pytest

from tocsin.backends.sqlite.database import InlineDatabase, connect, create_tables
from tocsin.edge.access import TABLES, Accounts
from tocsin.errors import MEANINGS, ConfigError, FormatError
from tocsin.testing.chance import SeededEntropy


class SteadyClock:
    def now_us(self):
        return 1_790_000_000_000_000


def with_accounts(work):
    """Run `work(accounts, connection)` on a new store."""

    async def inside():
        connection = connect(":memory:", create=True)
        create_tables(connection, (TABLES,))
        database = InlineDatabase(connection)
        try:
            return await work(Accounts(database, SteadyClock(), SeededEntropy(7)), connection)
        finally:
            await database.close()

    return asyncio.run(inside())


def basic(text):
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_a_token_opens_its_account_by_both_schemes_in_any_case():
    async def work(accounts, _):
        token = await accounts.add("soc", ["one", "two"])
        other = await accounts.add("siem", "*")
        assert token != other
        assert len(token) == 47
        pair = basic(f"soc:{token}").removeprefix("Basic ")
        for header in (
            f"Bearer {token}",
            f"bearer  {token} ",
            f"BEARER {token}",
            f"Token {token}",
            f"Basic {pair}",
            f"basic {pair}",
        ):
            account = await accounts.authenticate(header)
            assert account is not None, header
            assert (account.name, account.kind, account.created) == ("soc", "reader", 1_790_000_000_000_000)
            assert account.may_read("one")
            assert not account.may_read("three")
            assert not account.may_read("*") or "*" in account.channels
        everything = await accounts.authenticate(f"Bearer {other}")
        assert everything is not None
        assert everything.may_read("whatever")

    with_accounts(work)


def test_anything_else_opens_nothing():
    async def work(accounts, _):
        token = await accounts.add("soc", "*")
        await accounts.add("siem", "*")
        altered = token[:-1] + ("A" if token[-1] != "A" else "B")
        refused = [
            None, "", "Bearer", "Bearer ", token, f"Digest {token}", f"Bearer {altered}", f"Bearer {token}x",
            f"Bearer {token[4:]}", "Bearer tcs_" + "A" * 43, f"Bearer {token} {token}", "Basic", "Basic !!!!",
            "Basic " + base64.b64encode(b"\xff\xfe:x").decode(), basic(token), basic(f":{token}"),
            basic(f"siem:{token}"), basic(f"SOC:{token}"), basic(f"soc:{altered}"), basic("soc:"), basic("soc"),
            "Basic é", "Bearer é\x00", "Bearer \udc80",
        ]  # fmt: skip
        for header in refused:
            assert await accounts.authenticate(header) is None, header

    with_accounts(work)


def test_the_token_is_not_kept_and_a_removed_account_is_closed_at_once():
    async def work(accounts, connection):
        token = await accounts.add("soc", ["one"])
        rows = list(connection.execute("SELECT * FROM edge_accounts"))
        assert token not in repr(rows)
        assert token.encode() not in rows[0][2]
        assert [one.name for one in await accounts.list()] == ["soc"]
        await accounts.remove("soc")
        assert await accounts.authenticate(f"Bearer {token}") is None
        assert await accounts.list() == ()
        with pytest.raises(ConfigError) as caught:
            await accounts.remove("soc")
        assert caught.value.code == "config.unknown-account"
        assert caught.value.code in MEANINGS

    with_accounts(work)


def test_a_name_is_taken_once_and_is_a_handle():
    async def work(accounts, _):
        token = await accounts.add("soc", ["one"])
        with pytest.raises(ConfigError) as caught:
            await accounts.add("soc", "*")
        assert caught.value.code == "config.account-exists"
        assert caught.value.code in MEANINGS
        kept = await accounts.authenticate(f"Bearer {token}")
        assert kept is not None
        assert kept.channels == {"one"}
        with pytest.raises(FormatError):
            await accounts.add("a:b", "*")

    with_accounts(work)


def test_one_channel_given_as_text_is_one_channel():
    async def work(accounts, _):
        await accounts.add("soc", "one")
        assert [one.channels for one in await accounts.list()] == [{"one"}]

    with_accounts(work)


def test_a_kept_secret_stays_the_same_and_differs_by_purpose():
    async def work(accounts, _):
        first = await accounts.secret("taxii-next")
        assert len(first) == 32
        assert await accounts.secret("taxii-next") == first
        assert await accounts.secret("other") != first
        both = await asyncio.gather(accounts.secret("new"), accounts.secret("new"))
        assert both[0] == both[1]

    with_accounts(work)
