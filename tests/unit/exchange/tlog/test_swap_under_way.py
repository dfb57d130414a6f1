"""A swap of the checkpoint file that is under way is no fault to tell of; one that failed is."""

import asyncio

import pytest

from tocsin.errors import StoreError
from tocsin.exchange.tlog.logs import Log, origin_line
from tocsin.exchange.tlog.signer import Signer
from tocsin.formats.merkle import Frontier
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.federation import Keys
from tocsin.testing.virtualtime import run

SLOT = bytes(32)


class SlowHeads:
    """A checkpoint store whose swaps wait for `gate`, and then do what `error` says."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.gate.set()
        self.error = None

    async def load(self, slot):
        return None

    async def replace(self, slot, held, new):
        await self.gate.wait()
        if self.error is not None:
            raise self.error


def test_only_a_swap_that_failed_is_told():
    async def main():
        heads = SlowHeads()
        signer = Signer("aa", Keys(SeededEntropy(1)), heads)
        log = Log(1, SLOT, 1, "aa", Frontier(), origin_line("aa", SLOT), 0)
        await signer.check(log, None)
        signer.heard(log, "bb")
        for error in (None, StoreError("store.disk", "broken")):
            log.frontier = log.frontier.extended([bytes(32)])
            heads.error = error
            heads.gate.clear()
            swap = asyncio.ensure_future(signer.hold(log, log.size, log.frontier.root()))
            await asyncio.sleep(0)
            assert not swap.done()
            assert not signer.may_sign(log)
            assert signer.behind() == {}
            heads.gate.set()
            if error is None:
                await swap
                assert signer.may_sign(log)
            else:
                with pytest.raises(StoreError):
                    await swap
                assert set(signer.behind()) == {SLOT}

    run(main)
