"""A store put back from yesterday: the node must not write a second history, and its peers see what happened."""

import asyncio

import pytest

from tocsin.errors import VerificationError
from tocsin.formats.markings import ChannelKind
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.powercut import Recorder
from tocsin.testing.virtualtime import run


def restored(objects, *, keep_heads, alone=False):
    """aa with the store of an earlier day, with today's checkpoint files or the old ones, and no peer if `alone`.

    Gives what sharing says, how much of aa's log bb holds, and what bb says.
    """

    async def main():
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], 6)
        await fed.found()
        await fed.share("aa", "plenary", objects(1, 3), Tlp.GREEN)
        await fed.settled()
        node = fed.nodes["aa"]
        yesterday = node.storage.files()
        await fed.share("aa", "plenary", objects(2, 3), Tlp.GREEN)
        await fed.settled()
        await fed.crash("aa")
        heads = {path: data for path, data in node.storage.files().items() if path.endswith(".head")}
        node.storage = Recorder({**yesterday, **(heads if keep_heads else {})}, record=False, atomic_create=True)
        if alone:
            fed.network.isolate("aa")
        await fed.restart("aa")
        if not alone:
            await fed.linked()
        await asyncio.sleep(1.0)
        with pytest.raises(VerificationError) as told:
            await fed.share("aa", "plenary", objects(3, 1), Tlp.GREEN)
        await asyncio.sleep(5.0)
        bb = fed.nodes["bb"]
        held = bb.query("SELECT COUNT(*) FROM journal_rows WHERE kind = 1 AND member = 'aa'")[0][0]
        assert (await bb.fsck())["ok"]
        codes = {code for code, _, _ in bb.notes}
        await fed.stop()
        return told.value.code, held, codes

    return run(main, limit_s=3600.0)


def test_an_old_store_beside_the_newest_checkpoint_file_does_not_sign(objects):
    for alone in (True, False):
        code, held, _ = restored(objects, keep_heads=True, alone=alone)
        assert (code, held) == ("tlog.behind", 6)


def test_an_old_store_with_its_old_checkpoint_file_is_told_by_its_peers(objects):
    code, held, codes = restored(objects, keep_heads=False)
    assert (code, held) == ("tlog.behind", 6)
    assert "receive.rollback" in codes
    assert "receive.fork" not in codes


def test_a_channel_that_the_old_store_does_not_know_is_not_signed_in_again(objects):
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
        for _ in range(2):  # and it is still so after another start
            await fed.restart("aa")
            await fed.until(
                lambda: any(one.name == "ports" and one.is_open for one in fed.core("aa").members.channels())
            )
            await asyncio.sleep(1.0)
            with pytest.raises(VerificationError) as told:
                await fed.share("aa", "ports", objects(2, 1), Tlp.AMBER)
            assert told.value.code == "tlog.behind"
            await fed.crash("aa")
        assert "receive.fork" not in {code for code, _, _ in fed.nodes["bb"].notes}
        await fed.stop()

    run(main, limit_s=3600.0)
