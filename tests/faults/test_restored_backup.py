"""A store put back from yesterday: the node must not write a second history, and its peers see what happened."""

import asyncio

import pytest

from tocsin.errors import VerificationError
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.powercut import Recorder
from tocsin.testing.virtualtime import run


def restored(objects, *, keep_heads, alone=False, others=("bb",), absent=()):
    """aa with the store of an earlier day, with today's checkpoint files or the old ones, and no peer if `alone`.

    `absent`: members that are down when it comes back. Gives what sharing says, how much of aa's log bb holds, what bb
    says, and what aa's log looks like in the end at all members.
    """

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", *others], 6)
        await fed.found()
        await fed.share("aa", "plenary", objects(1, 3), Tlp.GREEN)
        await fed.settled()
        node = fed.nodes["aa"]
        yesterday = node.storage.files()
        await fed.share("aa", "plenary", objects(2, 3), Tlp.GREEN)
        await fed.settled()
        await fed.crash("aa")
        for handle in absent:
            await fed.crash(handle)
        heads = {path: data for path, data in node.storage.files().items() if path.endswith(".head")}
        node.storage = Recorder({**yesterday, **(heads if keep_heads else {})}, record=False, atomic_create=True)
        if alone:
            fed.network.isolate("aa")
        await fed.restart("aa")
        if not alone:
            await fed.linked()
        await asyncio.sleep(3.0)
        try:
            await fed.share("aa", "plenary", objects(3, 1), Tlp.GREEN)
            said = "shared"
        except VerificationError as error:
            said = error.code
        await asyncio.sleep(5.0)
        bb = fed.nodes["bb"]
        held = bb.query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1 AND member = 'aa'")[0][0]
        for running in fed.nodes.values():
            if running.core is not None:
                found = await running.fsck()
                assert found["ok"] or said != "shared", found["problems"]
        codes = {code for code, _, _ in bb.notes}
        evidence = [
            row for one in fed.nodes.values() if one.core for row in one.query("SELECT * FROM receive_evidence")
        ]
        assert evidence == [], "an honest member that has lost its store is accused of nothing"
        slot = fed.core("aa").members.channel("plenary").slots["aa"]
        logs = [one.core.logs.get(slot).frontier for one in fed.nodes.values() if one.core is not None]
        await fed.stop()
        return said, held, codes, logs

    return run(main, limit_s=3600.0)


@pytest.mark.parametrize("keep_heads", [True, False])
def test_alone_an_old_store_signs_nothing(objects, keep_heads):
    said, held, _, _ = restored(objects, keep_heads=keep_heads, alone=True)
    assert said == ("tlog.behind" if keep_heads else "tlog.unasked")
    assert held == 6


@pytest.mark.parametrize("keep_heads", [True, False])
def test_an_old_store_gets_its_own_entries_back_and_goes_on_after_them(objects, keep_heads):
    said, held, codes, logs = restored(objects, keep_heads=keep_heads)
    assert (said, held) == ("shared", 7)
    assert logs[0] == logs[1]
    assert not codes & {"receive.fork", "receive.rollback"}


def test_it_stays_closed_until_everyone_of_the_audience_was_heard(objects):
    """Who is absent may hold more than those who are there."""
    said, _, _, _ = restored(objects, keep_heads=True, others=("bb", "cc"), absent=("cc",))
    assert said == "tlog.behind"
    said, held, _, logs = restored(objects, keep_heads=True, others=("bb", "cc"))
    assert (said, held) == ("shared", 7)
    assert logs[0] == logs[1] == logs[2]


def test_a_channel_that_the_old_store_does_not_know_comes_back_whole(objects):
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 7)
        await fed.found()
        node = fed.nodes["aa"]
        yesterday = node.storage.files()
        await fed.channel("ports", ChannelKind.BILATERAL, ["aa", "bb"])
        await fed.share("aa", "ports", objects(1, 3), Tlp.AMBER)
        await fed.settled()
        await fed.crash("aa")
        node.storage = Recorder(yesterday, record=False, atomic_create=True)
        fed.network.isolate("bb")
        await fed.restart("aa")
        await asyncio.sleep(3.0)
        assert [one.name for one in fed.core("aa").members.channels()] == ["plenary"]
        fed.network.heal("bb")
        await fed.until(lambda: any(one.name == "ports" and one.is_open for one in fed.core("aa").members.channels()))
        await fed.until(lambda: not fed.core("aa").signer.behind(), 20.0)
        await fed.share("aa", "ports", objects(2, 1), Tlp.AMBER)
        await fed.settled(60.0)
        slot = fed.core("aa").members.channel("ports").slots["aa"]
        assert fed.core("aa").logs.get(slot).size == fed.core("bb").logs.get(slot).size == 4
        assert "receive.fork" not in {code for code, _, _ in fed.nodes["bb"].notes}
        assert (await node.fsck())["ok"]
        await fed.stop()

    run(main, limit_s=3600.0)


def test_a_forgotten_channel_stays_closed_while_only_those_are_there_who_hold_little_of_it(objects):
    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 7)
        await fed.found()
        node = fed.nodes["aa"]
        yesterday = node.storage.files()
        await fed.channel("ports", ChannelKind.THEMATIC, ["aa", "bb", "cc"])
        fed.network.isolate("bb")
        await fed.share("aa", "ports", objects(1, 3), Tlp.AMBER)
        slot = fed.core("aa").members.channel("ports").slots["aa"]
        await fed.until(lambda: fed.core("cc").logs.get(slot).released == 3)
        await fed.crash("aa")
        fed.network.isolate("cc")
        fed.network.heal("bb")
        node.storage = Recorder(yesterday, record=False, atomic_create=True)
        await fed.restart("aa")
        await fed.until(lambda: any(one.name == "ports" and one.is_open for one in fed.core("aa").members.channels()))
        with pytest.raises(VerificationError) as told:
            await fed.share("aa", "ports", objects(2, 1), Tlp.AMBER)
        assert told.value.code == "tlog.behind"
        fed.network.heal("cc")
        await fed.until(lambda: not fed.core("aa").signer.behind(), 60.0)
        await fed.share("aa", "ports", objects(2, 1), Tlp.AMBER)
        await fed.settled(60.0)
        assert fed.core("bb").logs.get(slot).size == 4
        await fed.stop()

    run(main, limit_s=3600.0)
