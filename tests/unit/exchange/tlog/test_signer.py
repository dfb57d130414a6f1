"""The signer: nothing is signed that the checkpoint file does not hold, and an old copy is never signed on."""

import asyncio

import pytest
from msgspec.structs import replace

from tocsin.errors import StoreError
from tocsin.exchange.tlog.logs import Log, origin_line
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats import note
from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.merkle import Frontier
from tocsin.formats.message import Position
from tocsin.ports.checkpoints import UNKNOWN, Held
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Keys
from tocsin.testing.virtualtime import VirtualClock, run

KEYS = Keys(SeededEntropy(1))
KEY = KEYS.signing(Role.LOG)
SLOT = bytes([1]) * 32
LEAVES = [bytes([i]) * 32 for i in range(9)]


class Heads:
    """A checkpoint store in memory: each call may be told to fail, and takes time."""

    def __init__(self, held=None):
        self.held = held
        self.fails = False
        self.asked = []
        self.slow_s = 0.0

    async def load(self, slot):
        return self.held

    async def replace(self, slot, held, new):
        self.asked.append(new.size)
        if self.slow_s:
            await VirtualClock(asyncio.get_running_loop()).sleep(self.slow_s)
        if self.fails:
            raise StoreError("store.disk", "the disk failed")
        if held != self.held:
            raise StoreError("store.conflict", "another head")
        self.held = new


def tree(size):
    return Frontier().extended(LEAVES[:size])


def log_of(size):
    return Log(1, SLOT, 1, "aa", tree(size), origin_line("aa", SLOT), size)


def head(size):
    return Held(size, tree(size).root())


async def root_at(size):
    return tree(size).root()


async def checked(heads, log):
    signer = Signer("aa", KEYS, heads)
    await signer.check(log, root_at)
    signer.heard(log, "bb")
    return signer


def test_before_it_has_heard_anyone_nothing_grows(refused):
    """Store and file together may be yesterday's."""

    async def main():
        signer, log = Signer("aa", KEY, Heads(head(5))), log_of(5)
        await signer.check(log, root_at)
        assert signer.behind() == {}
        assert signer.asked(log) == frozenset()
        assert not signer.may_sign(log)
        with refused("tlog.unasked"):
            signer.require(log)
        signer.heard(Log(2, bytes(32), 1, "aa", tree(0), origin_line("aa", bytes(32)), 0), "bb")
        assert not signer.may_sign(log), "another log was asked about"
        signer.heard(log, "bb")
        signer.heard(log, "bb")
        assert signer.asked(log) == {"bb"}
        assert signer.may_sign(log)
        signer.require(log)

    run(main)


def test_a_new_log_gets_its_file_before_its_first_entry():
    async def main():
        heads, log = Heads(), log_of(0)
        signer = await checked(heads, log)
        assert heads.held == head(0)
        signer.require(log)
        assert signer.behind() == {}

    run(main)


def test_sign_what_the_file_holds(refused):
    async def main():
        heads, log = Heads(), log_of(0)
        signer = await checked(heads, log)
        log.frontier = tree(3)
        with refused("tlog.behind"):
            signer.sign(log, 3, log.frontier.root())
        await signer.hold(log, 3, log.frontier.root())
        assert heads.held == head(3)
        signed = note.parse(signer.sign(log, 3, log.frontier.root()))
        assert signed.text == log.checkpoint(3, tree(3).root())
        assert note.verified(signed, log.name, KEY.public)
        assert note.parse(signer.sign(log, 2, tree(2).root())).text == log.checkpoint(2, tree(2).root())
        assert signer.sign(log, 3, tree(3).root()) == signer.sign(log, 3, tree(3).root())
        for size, root in ((4, tree(4).root()), (3, tree(4).root())):
            with refused("tlog.behind"):
                signer.sign(log, size, root)

    run(main)


def test_before_it_was_checked_nothing_grows(refused):
    async def main():
        signer = Signer("aa", KEYS, Heads())
        with refused("tlog.behind"):
            signer.require(log_of(0))
        with refused("tlog.behind"):
            signer.sign(log_of(0), 0, tree(0).root())

    run(main)


@pytest.mark.parametrize(
    ("held", "size"),
    [
        (None, 3),  # the file is gone
        (head(5), 3),  # the store is an old copy
        (Held(3, tree(4).root()), 3),  # the store is another history
        (Held(2, tree(4).root()), 3),
    ],
)
def test_a_log_that_may_be_an_old_copy_is_not_signed_on(held, size, refused):
    async def main():
        heads, log = Heads(held), log_of(size)
        signer = await checked(heads, log)
        with refused("tlog.behind"):
            signer.require(log)
        assert set(signer.behind()) == {SLOT}
        assert heads.held == held, "the file is never moved down"
        assert heads.asked == []

    run(main)


def test_a_file_one_commit_behind_is_moved_up():
    async def main():
        heads, log = Heads(head(2)), log_of(5)
        signer = await checked(heads, log)
        signer.require(log)
        assert heads.held == head(5)

    run(main)


def said(log, size, *, root=None, text=None, key=KEY, name=None):
    """A head of the log as a peer shows it, signed by us unless told otherwise."""
    text = text or log.checkpoint(size, root or tree(size).root())
    signed = note.encode(note.Note(text, (note.sign(text, name or log.name, key),)))
    return Position(SLOT, size, root or tree(size).root(), signed)


def test_only_what_we_have_signed_counts_against_us():
    async def main():
        log = log_of(5)
        signer = await checked(Heads(head(5)), log)
        assert signer.signed(log, said(log, 6))
        assert signer.signed(log, said(log, 3, root=bytes(32)))
        other = Log(2, bytes(32), 1, "aa", tree(5), origin_line("aa", bytes(32)), 5)
        for claim in (
            replace(said(log, 6), checkpoint=b""),
            replace(said(log, 6), checkpoint=b"junk"),
            replace(said(log, 6), size=7),
            replace(said(log, 6), root=bytes(32)),
            said(log, 6, key=SigningKey(bytes([1]) * 32)),
            said(log, 6, name="tocsin/bb/log/" + SLOT.hex()),
            said(log, 6, text=other.checkpoint(6, tree(6).root()), name=log.name),
            said(log, 6, text=b"no checkpoint\n"),
        ):
            assert not signer.signed(log, claim)

    run(main)


@pytest.mark.parametrize(
    ("size", "root", "here", "stops"),
    [(6, 6, None, True), (5, 4, 5, True), (3, 4, 3, True), (4, 4, None, True), (5, 5, 5, False), (3, 3, 3, False)],
)
def test_what_a_peer_holds(size, root, here, stops, refused):
    async def main():
        log = log_of(5)
        signer = await checked(Heads(head(5)), log)
        signer.peer_holds(log, said(log, size, root=tree(root).root()), here and tree(here).root())
        assert signer.may_sign(log) is not stops
        if not stops:
            signer.require(log)
            return
        with refused("tlog.behind"):
            signer.require(log)

    run(main)


@pytest.mark.parametrize("conflict", [False, True])
def test_a_swap_that_failed_closes_the_log(conflict, refused):
    async def main():
        heads, log = Heads(), log_of(0)
        signer = await checked(heads, log)
        heads.fails = not conflict
        if conflict:
            heads.held = head(7)
        with refused("store.conflict" if conflict else "store.disk"):
            await signer.hold(log, 3, tree(3).root())
        heads.fails = False
        with refused("tlog.behind"):
            signer.require(log)
        with refused("tlog.behind"):
            signer.sign(log, 3, tree(3).root())

    run(main)


def test_what_a_peer_says_during_a_swap_is_not_forgotten(refused):
    async def main():
        heads, log = Heads(), log_of(0)
        signer = await checked(heads, log)
        heads.slow_s = 1.0
        log.frontier = tree(3)
        swap = asyncio.ensure_future(signer.hold(log, 3, tree(3).root()))
        await VirtualClock(asyncio.get_running_loop()).sleep(0.5)
        signer.peer_holds(log, said(log, 8), None)
        await swap
        with refused("tlog.behind") as caught:
            signer.require(log)
        assert "8" in caught.value.what

    run(main)


def test_holding_the_same_head_again_writes_nothing():
    async def main():
        heads, log = Heads(), log_of(0)
        signer = await checked(heads, log)
        await signer.hold(log, 3, tree(3).root())
        await signer.hold(log, 3, tree(3).root())
        assert heads.asked == [0, 3]

    run(main)


# -- opening again ----------------------------------------------------------------------------------------------------


AUDIENCE = frozenset({"aa", "bb", "cc"})


async def restored(held=5, size=3):
    """A signer over an old copy of the store: the file says more than the log holds."""
    log = log_of(size)
    heads = Heads(head(held))
    signer = Signer("aa", KEY, heads)
    await signer.check(log, root_at)
    assert set(signer.behind()) == {SLOT}
    return signer, log, heads


def catch_up(log, size):
    log.frontier, log.released = tree(size), size


async def opens(signer, log, *heard, roots=root_at):
    for peer in heard:
        signer.heard(log, peer)
    return await signer.reconsider(log, AUDIENCE, roots)


def test_a_closed_log_opens_when_all_were_heard_and_it_is_whole():
    async def main():
        signer, log, heads = await restored()
        assert not await opens(signer, log, "bb", "cc"), "it is not whole yet"
        catch_up(log, 5)
        assert await opens(signer, log)
        signer.require(log)
        assert heads.held == head(5)
        assert await opens(signer, log), "an open one stays open"

    run(main)


def test_it_does_not_open_before_all_of_the_audience_were_heard(refused):
    async def main():
        signer, log, _ = await restored()
        catch_up(log, 5)
        assert not await opens(signer, log)
        assert not await opens(signer, log, "bb", "zz")
        with refused("tlog.behind"):
            signer.require(log)
        assert await opens(signer, log, "cc")

    run(main)


def test_it_does_not_open_below_what_a_peer_has_shown():
    async def main():
        signer, log, _ = await restored()
        signer.peer_holds(log, said(log, 7), None)
        signer.peer_holds(log, said(log, 6), None)
        catch_up(log, 6)
        assert not await opens(signer, log, "bb", "cc")
        catch_up(log, 7)
        assert await opens(signer, log)

    run(main)


def test_it_does_not_open_before_all_of_it_is_stored():
    async def main():
        signer, log, _ = await restored()
        log.frontier, log.released = tree(5), 3
        assert not await opens(signer, log, "bb", "cc")
        log.released = 5
        assert await opens(signer, log)

    run(main)


@pytest.mark.parametrize("shown", [False, True])
def test_two_roots_close_it_for_good(shown):
    async def main():
        signer, log, _ = await restored()

        async def other(size):
            return tree(9).root()

        if shown:
            signer.peer_holds(log, said(log, 3, root=bytes(32)), tree(3).root())
        catch_up(log, 5)
        assert not await opens(signer, log, "bb", "cc", roots=root_at if shown else other)
        assert not await opens(signer, log), "whatever comes later"
        assert not signer.may_sign(log)

    run(main)


def test_a_failed_swap_is_not_opened_by_what_peers_say():
    async def main():
        heads, log = Heads(), log_of(0)
        signer = await checked(heads, log)
        heads.fails = True
        with pytest.raises(StoreError):
            await signer.hold(log, 3, tree(3).root())
        heads.fails = False
        await opens(signer, log, "bb", "cc")
        assert not signer.may_sign(log)

    run(main)


def test_who_waits_for_somebody_to_be_heard_wakes():
    async def main():
        signer, log = Signer("aa", KEY, Heads()), log_of(0)
        await signer.check(log, root_at)
        waiting = [asyncio.ensure_future(signer.ready(log)) for _ in range(2)]
        await asyncio.sleep(0)
        assert not any(one.done() for one in waiting)
        signer.heard(log, "bb")
        await asyncio.gather(*waiting)
        await signer.ready(log)

    run(main)


def test_a_forgotten_log_opens_only_when_all_have_said_what_they_hold():
    """close(): nobody here knows what was signed; once all were heard the highest that was shown decides."""

    async def main():
        heads, log = Heads(), log_of(0)
        signer = Signer("aa", KEY, heads)
        await signer.close(log)
        assert heads.held == UNKNOWN
        await signer.close(log)
        await signer.check(log, root_at)
        assert set(signer.behind()) == {SLOT}
        assert not await opens(signer, log, "bb")
        assert await opens(signer, log, "cc"), "nobody holds anything of it"
        assert signer.may_sign(log)

    run(main)
