# ruff: noqa: S608 - the names of tables and columns are constants of this file
"""Single bits: flipped at rest they are found by fsck, flipped on their way they are refused, and nothing else breaks."""

import asyncio

import apsw
import pytest

from tocsin.backends.sqlite.database import connect
from tocsin.errors import MEANINGS, TocsinError
from tocsin.exchange.receive.verify import outer
from tocsin.formats import message
from tocsin.formats.message import Notice, Receipt
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import STORE, Federation
from tocsin.testing.virtualtime import run

COLUMNS = ("seq", "marking", "sent_at", "keep_until", "salt", "commitment", "content")


async def pair(objects, count=2):
    """aa and bb, who hold `count` entries of aa."""
    fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 5)
    await fed.found()
    await fed.share("aa", "plenary", objects(1, count), Tlp.GREEN)
    await fed.settled()
    return fed


def flipped(value, bit):
    """The value with one bit the other way."""
    if isinstance(value, int):
        return value ^ 1 << bit
    data = bytearray(value.encode() if isinstance(value, str) else value)
    data[bit // 8] ^= 1 << bit % 8
    return bytes(data)


def bits(value):
    """Every bit of a small value; of a large one a bit of every byte, another one each time, at most some 500."""
    if isinstance(value, int):
        return range(40)
    return range(len(value) * 8) if len(value) <= 40 else range(0, len(value) * 8, max(9, len(value) * 8 // 500 | 1))


async def rot(node, table, column, where):
    """(bits tried, bits that fsck did not find) of one stored value."""
    value = node.query(f"SELECT {column} FROM {table} WHERE {where}")[0][0]
    new = "CAST(? AS TEXT)" if isinstance(value, str) else "?"  # a byte that is not UTF-8 is still text to SQLite
    tried, missed = 0, []
    for bit in bits(value):
        node._connection.execute("SAVEPOINT rot")
        try:
            node._connection.execute(f"UPDATE {table} SET {column} = {new} WHERE {where}", (flipped(value, bit),))
            tried += 1
            if (await node.fsck())["ok"]:
                missed.append(bit)
        except apsw.ConstraintError:
            pass  # SQLite itself would not hold such a row
        node._connection.execute("ROLLBACK TO rot; RELEASE rot")
    assert (await node.fsck())["ok"]
    return tried, missed


STORED = [("journal_rows", column, "kind = 1 AND seq = 1") for column in COLUMNS]
STORED += [("journal_rows", column, "kind = 1 AND seq = 1") for column in ("position", "kind", "log", "member")]
STORED += [("journal_rows", column, "kind = 1 AND seq = 1") for column in ("object_id", "version", "name")]
STORED += [
    ("journal_search", column, "position = 2") for column in ("object_id", "version", "name", "member", "channel")
]
STORED += [("members_charters", "note", "version = 1"), ("deliver_receipts", "log", "size = 2")]
STORED += [("tlog_checkpoints", column, "size = 2") for column in ("root", "note", "size")]
STORED += [("tlog_logs", column, "size = 2") for column in ("size", "frontier", "slot", "origin")]
STORED += [("deliver_receipts", column, "size = 2") for column in ("size", "key_id", "blob", "member")]


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column", "where"), STORED)
def test_a_bit_that_turns_in_the_store_is_found(objects, table, column, where):
    async def main():
        fed = await pair(objects)
        found = {}
        for handle, node in fed.nodes.items():
            if node.query(f"SELECT 1 FROM {table} WHERE {where} AND {column} IS NOT NULL"):
                found[handle] = await rot(node, table, column, where)
        await fed.stop()
        return found

    found = run(main)
    assert found, "nobody holds such a value"
    assert sum(tried for tried, _ in found.values()) > 0
    assert not any(missed for _, missed in found.values()), found


def test_a_bit_that_turns_in_a_checkpoint_file_costs_nothing_and_two_halves_are_found(objects):
    async def main():
        fed = await pair(objects)
        node = fed.nodes["aa"]
        path = next(path for path in node.storage.files() if path.endswith(".head"))
        whole = node.storage.files()[path]
        for bit in range(0, len(whole) * 8, 37):
            node.storage.flip_bit(path, bit)
            report = await node.fsck()
            # One half is always whole: at worst the file is one commit old, never another head.
            assert report["ok"], (bit, report["problems"])
            node.storage.flip_bit(path, bit)
        for bit in (100, 512 * 8 + 100):
            node.storage.flip_bit(path, bit)
        found = [one["code"] for one in (await node.fsck())["problems"]]
        await fed.stop()
        return found

    assert run(main) == ["store.checkpoint-file"]


@pytest.mark.slow
def test_a_bit_that_turns_in_the_database_file_is_found_or_means_nothing(objects):
    """Raw bytes of the file, 1,000 places: the entries read back are the same, or fsck says so, or it will not open."""

    async def main():
        fed = await pair(objects, 6)
        node = fed.nodes["bb"]
        right = node.query("SELECT seq, content, salt FROM journal_rows WHERE kind = 1 ORDER BY seq")
        await fed.crash("bb")
        connect(STORE, vfs=node.storage.vfs_name, exclusive=True).close()  # moves the write-ahead log into the file
        length = len(node.storage.files()[STORE]) * 8
        wrong = 0
        for place in range(500):
            bit = place * (length // 500) + place * 13 % (length // 500)
            node.storage.flip_bit(STORE, bit)
            wrong += await _read_otherwise(node, right)
            node.storage.flip_bit(STORE, bit)
        await fed.stop()
        return wrong

    assert run(main) == 0


async def _read_otherwise(node, right):
    try:
        node.open()
    except (TocsinError, apsw.Error):
        return 0
    try:
        if (await node.fsck())["problems"]:
            return 0
        return node.query("SELECT seq, content, salt FROM journal_rows WHERE kind = 1 ORDER BY seq") != right
    except apsw.Error:
        return 0
    finally:
        await node.database.close()


class Wire:
    """Flips one bit of the n-th message of a kind from aa to bb or back."""

    def __init__(self, src, wanted):
        self.src = src
        self.wanted = wanted
        self.bit = None
        self.length = 0
        self.hits = 0

    def __call__(self, src, dst, data):
        if src == self.src and self.wanted(message.decode(data)):
            self.length = len(data)
            if self.bit is not None and not self.hits:
                self.hits += 1
                return [flipped(data, self.bit)]
        return [data]


KINDS = {
    "frame": ("aa", lambda got: isinstance(got, bytes)),
    "receipt": ("bb", lambda got: isinstance(got, Receipt)),
    "notice": ("aa", lambda got: isinstance(got, Notice)),
    "hello": ("aa", lambda got: isinstance(got, message.Hello)),
    "proof": ("aa", lambda got: isinstance(got, message.Proof)),
    "state": ("aa", lambda got: isinstance(got, message.State)),
}


GREETING = ("hello", "proof", "state")


def travelled(objects, kind, bit):
    """(hit, what both said) after one flipped bit; all must be well again in a minute of virtual time."""
    wire = Wire(*KINDS[kind])
    wire.bit = bit

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 5)
        await fed.found()
        fed.network.mangle = wire
        if kind in GREETING:
            fed.network.break_links("aa", "bb")
        await fed.share("aa", "plenary", objects(1, 1), Tlp.GREEN)
        await asyncio.sleep(2.0)
        fed.network.mangle = None
        fed.network.break_links("aa", "bb")
        await fed.settled(60.0)
        for node in fed.nodes.values():
            assert (await node.fsck())["ok"]
            assert len(node.query("SELECT 1 FROM journal_rows WHERE kind = 1")) == 1
        codes = [code for node in fed.nodes.values() for code, _, _ in node.notes]
        await fed.stop()
        return codes

    return wire, run(main, limit_s=3600.0)


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_bit_that_turns_on_the_wire_is_refused(objects, kind):
    wire, _ = travelled(objects, kind, None)
    assert wire.length > 0
    step = max(1, wire.length * 8 // 80) | 1
    seen = set()
    for bit in range(0, wire.length * 8, step):
        wire, codes = travelled(objects, kind, bit)
        assert wire.hits == 1
        assert set(codes) <= MEANINGS.keys()
        assert not any(code.startswith(("internal.", "receive.fork", "receive.rollback")) for code in codes), codes
        seen.update(codes)
    assert seen & {"format.message", "receive.seal", "receive.epoch-key", "peer.identity"}


@pytest.mark.slow
def test_every_single_bit_of_a_small_frame_is_refused(objects):
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 5)
        await fed.found()
        frames = []
        fed.network.tap(lambda src, dst, data: frames.append(data[1:]) if data[:1] == b"F" else None)
        fed.network.mangle = lambda src, dst, data: [] if data[:1] == b"F" else [data]
        await fed.share("aa", "plenary", objects(1, 1), Tlp.GREEN)
        await asyncio.sleep(1.0)
        receiver, frame = fed.core("bb").receiver, frames[0]
        codes = set()
        for bit in range(len(frame) * 8):
            with pytest.raises(TocsinError) as refused:
                receiver.begin("aa", outer(flipped(frame, bit)))
            codes.add(refused.value.code)
        receiver.begin("aa", outer(frame))  # the frame itself would have been taken
        await fed.stop()
        return codes

    codes = run(main)
    assert {"format.frame", "receive.seal", "receive.signature", "receive.stranger"} <= codes <= MEANINGS.keys()
