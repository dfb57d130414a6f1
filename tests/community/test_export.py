"""Exports of logs: of our own log only what its checkpoint file covers is ever signed again."""

import asyncio
import json
from hashlib import sha256
from uuid import UUID

import pytest

from tocsin.errors import PolicyError, StoreError, VerificationError
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp
from tocsin.node import export
from tocsin.ports.checkpoints import Held
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run


def tool(number):
    return json.dumps(
        {
            "type": "tool",
            "spec_version": "2.1",
            "id": f"tool--{UUID(int=number, version=4)}",
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "name": f"tool {number}",
        }
    ).encode()


class Heads:
    """A checkpoint file that says what a test wants it to."""

    def __init__(self, held):
        self.held = held

    async def load(self, _slot):
        return self.held

    async def replace(self, *_):
        raise AssertionError("an export moves no checkpoint file")


class Exporter:
    """One federation of two; aa has shared two batches of one."""

    def __init__(self, fed):
        self.fed = fed
        self.core = fed.core("aa")
        self.database = fed.nodes["aa"].database

    def log(self):
        return self.core.logs.get(self.core.members.channel("plenary").slots["aa"])

    async def root(self, size):
        rows = await self.database.read(
            lambda db: db.query(
                "SELECT root FROM tlog_checkpoints WHERE log = ? AND size = ?", (self.log().number, size)
            )
        )
        return rows[0][0]

    async def lines(self, held, channel="plenary", origin="aa", generation=0):
        self.signer = Signer("aa", self.fed.nodes["aa"].keys, Heads(held))
        core = self.core
        sight = await export.look(
            core.members, core.logs, self.signer, self.database, export.Wanted(channel, origin, generation)
        )
        return await self.database.read(lambda db: [json.loads(one) for one in export.lines(db, sight)])

    async def refused(self, *args):
        with pytest.raises((VerificationError, PolicyError, StoreError)) as caught:
            await self.lines(*args)
        return caught.value.code


def told(work):
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 4)
        await fed.found()
        await fed.channel("pair", ChannelKind.BILATERAL, ["aa", "bb"])
        for number in (1, 2):
            await fed.share("aa", "plenary", [tool(number)], Tlp.GREEN)
            await fed.settled()
        found = await work(Exporter(fed))
        await fed.stop()
        return found

    return run(main, limit_s=600.0)


def test_our_own_log_ends_where_its_checkpoint_file_does():
    async def work(exporter):
        whole = await exporter.lines(Held(2, await exporter.root(2)))
        with pytest.raises(VerificationError):
            exporter.signer.require(exporter.log())
        return whole, await exporter.lines(Held(1, await exporter.root(1)))

    whole, behind = told(work)
    for one in (whole, behind):
        assert sha256(one.pop(1)["charter"].rpartition("\n\n")[0].encode() + b"\n").hexdigest() == one[0]["charter"]
    assert [next(iter(one)) for one in whole[1:]] == [
        "content",
        "checkpoint",
        "content",
        "checkpoint",
        *["receipt"] * 2,
    ]
    assert [next(iter(one)) for one in behind[1:]] == ["content", "checkpoint"]  # both receipts cover more
    assert (whole[0]["size"], behind[0]["size"]) == (2, 1)


def test_a_store_that_is_not_what_was_signed_is_not_signed_again():
    async def work(exporter):
        root = await exporter.root(2)
        heads = (None, Held(3, root), Held(2, bytes(32)), Held(1, root))
        return [await exporter.refused(held) for held in heads]

    assert told(work) == ["tlog.behind"] * 4


def test_what_is_not_here_is_not_exported():
    async def work(exporter):
        held = Held(2, await exporter.root(2))
        codes = [
            await exporter.refused(held, *wanted)
            for wanted in (("none",), ("pair", "cc"), ("plenary", "zz"), ("plenary", "aa", 2))
        ]
        other = await exporter.lines(None, "plenary", "bb")
        await exporter.database.write(lambda tx: tx.execute("DELETE FROM journal_rows WHERE kind = 1 AND seq = 1"))
        return [*codes, await exporter.refused(held)], other

    codes, other = told(work)
    assert codes == [
        "policy.no-such-channel",
        "policy.unknown-member",
        "policy.unknown-member",
        "policy.no-such-channel",
        "store.gap",
    ]
    assert [(one["origin"], one["size"]) for one in other[:1]] == [("bb", 0)]
    assert [list(one) for one in other[1:]] == [["charter"]]


def test_a_log_that_lacks_its_newest_checkpoint_is_not_exported():
    async def work(exporter):
        held = Held(2, await exporter.root(2))
        exporter.core.me = exporter.core.members.me = (
            "bb"  # as another member would read it: its store has no signature
        )
        return await exporter.refused(held)

    assert told(work) == "store.gap"


def test_a_log_whose_last_entries_no_checkpoint_covers_is_not_exported():
    async def work(exporter):
        other = exporter.fed.nodes["bb"]
        exporter.core, exporter.database = other.running, other.database
        await exporter.database.write(lambda tx: tx.execute("DELETE FROM tlog_checkpoints WHERE size = 2"))
        return await exporter.refused(None)

    assert told(work) == "store.gap"
