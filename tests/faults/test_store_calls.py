"""Every write of the store, refused or torn at operation N for every N: the node says so and loses nothing it told."""

import asyncio

import pytest

from tocsin.errors import TocsinError
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.memorydisk import Fault
from tocsin.testing.virtualtime import run

ROUNDS = 3


class Run:
    """aa shares with bb three times; the disk of `victim` fails at its `operation`, once or until it is mended."""

    def __init__(self, objects, victim, operation=0, kind=None, *, lasting=False, seed=3):
        self.objects = objects
        self.seed = seed
        self.victim = victim
        self.operation = operation
        self.kind = kind
        self.lasting = lasting
        self.acknowledged = []
        self.errors = []
        self.operations = 0

    async def main(self):
        fed = Federation(asyncio.get_running_loop(), ["aa", "bb"], self.seed)
        await fed.found()
        storage = fed.nodes[self.victim].storage
        before = storage.operations
        if self.kind is not None:
            storage.fail(before + self.operation, self.kind, lasting=self.lasting)
        for number in range(ROUNDS):
            await self._share(fed, number)
            await fed.network.clock.sleep(1.0)
        self.operations = storage.operations - before
        storage.mend()
        await self._recover(fed)
        await self._judge(fed)
        await fed.stop()

    async def _share(self, fed, number):
        contents = self.objects(number, 2)
        try:
            async with asyncio.timeout(30.0):
                await fed.share("aa", "plenary", contents, Tlp.GREEN)
        except TocsinError as error:
            self.errors.append(error.code)
        except TimeoutError:
            # The share waits for a part that cannot write; then at least the operator was told why.
            self.errors += [code for code, _, _ in fed.nodes[self.victim].notes if code.startswith("store.")][:1]
        else:
            self.acknowledged += contents

    async def _recover(self, fed):
        """As an operator does: restart the node whose disk failed, then repeat what was not acknowledged."""
        if self.kind is not None:
            await fed.crash(self.victim)
            await fed.restart(self.victim)
        for number in range(ROUNDS):
            await fed.core("aa").synced()
            _, refused = await fed.share("aa", "plenary", self.objects(number, 2), Tlp.GREEN)
            assert not refused
        await fed.settled(60.0)

    async def _judge(self, fed):
        slot = fed.core("aa").members.channel("plenary").slots["aa"]
        wanted = [content for number in range(ROUNDS) for content in self.objects(number, 2)]
        for handle, node in fed.nodes.items():
            rows = node.query(
                "SELECT j.content FROM journal_rows j JOIN tlog_logs l ON l.log = j.log "
                "WHERE j.kind = 1 AND l.slot = ? ORDER BY j.seq",
                slot,
            )
            held = [row[0] for row in rows]
            assert sorted(held) == sorted(wanted), (handle, len(held))
            found = await node.fsck()
            assert found["ok"], (handle, found["problems"])
            codes = {code for code, _, _ in node.notes}
            assert not codes & {"receive.fork", "receive.root", "receive.rollback", "internal.error"}, node.notes


def count(objects, victim, seed=3):
    """How many disk operations the run takes without a fault."""
    whole = Run(objects, victim, seed=seed)
    run(whole.main, limit_s=3600.0)
    assert len(whole.acknowledged) == 2 * ROUNDS
    assert whole.errors == []
    return whole.operations


ONE_FAULT = [(kind, victim) for kind in Fault for victim in ("aa", "bb")]
SELDOM = ((Fault.ERROR, "bb"), (Fault.DONE, "bb"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "victim"),
    [pytest.param(*one, marks=[pytest.mark.long] if one in SELDOM else []) for one in ONE_FAULT],
)
def test_one_fault_at_every_operation(objects, victim, kind):
    operations = count(objects, victim)
    assert operations > 20
    told = 0
    for operation in range(1, operations + 1):
        one = Run(objects, victim, operation, kind)
        run(one.main, limit_s=3600.0)
        told += bool(one.errors)
        assert set(one.errors) <= {"store.full", "store.unknown", "store.disk", "tlog.behind", "store.conflict"}
    if victim == "aa":
        assert told > 0, "no fault was ever told to the author"


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["aa", "bb"])
@pytest.mark.parametrize("kind", list(Fault))
def test_a_disk_that_fails_until_it_is_mended(objects, victim, kind):
    for operation in range(1, count(objects, victim) + 1, 5):
        one = Run(objects, victim, operation, kind, lasting=True)
        run(one.main, limit_s=3600.0)
        # Whatever was not acknowledged was refused with a reason.
        assert victim == "bb" or one.errors or len(one.acknowledged) == 2 * ROUNDS
