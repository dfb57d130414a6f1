"""What one batch costs its origin does not grow with members times members."""

import asyncio
from collections import Counter

from tocsin.cli.demo.iocs import indicators
from tocsin.exchange.members.channels import ChannelKind
from tocsin.exchange.receive.gossip import ROUND_S
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

HANDLES = ["aa", "bb", "cc", "dd", "ee"]


def _story(tell):
    async def main():
        federation = Federation(asyncio.get_running_loop(), HANDLES, 5)
        await federation.found()
        await federation.linked()
        await federation.share("aa", "plenary", list(indicators(3, 1)), Tlp.GREEN)
        await federation.settled()
        await tell(federation, federation.core("aa"))
        await federation.stop()

    run(main)


def test_receipts_wake_nobody(monkeypatch):
    async def story(federation, core):
        woken = Counter()
        wake = core.links.wake

        def counted(concerned=None):
            woken["all" if concerned is None else "few"] += 1
            return wake(concerned)

        monkeypatch.setattr(core.links, "wake", counted)
        head = core.journal.head
        await federation.share("aa", "plenary", list(indicators(3, 2)), Tlp.GREEN)
        await federation.settled()
        assert core.journal.head - head == 3 + len(HANDLES) - 1  # the entries, and a receipt of everyone else
        assert woken == {"few": 1}

    _story(story)


def test_only_the_audience_of_a_batch_is_woken(monkeypatch):
    async def story(federation, core):
        await federation.channel("pair", ChannelKind.BILATERAL, ["aa", "bb"])
        woken = []
        wake = core.links.wake
        monkeypatch.setattr(core.links, "wake", lambda concerned=None: (woken.append(concerned), wake(concerned)))
        await federation.share("aa", "pair", list(indicators(3, 2)), Tlp.GREEN)
        await federation.settled()
        assert woken == [{"aa", "bb"}]

    _story(story)


def test_a_heartbeat_is_signed_once_for_all(monkeypatch):
    async def story(federation, core):
        signed = []
        sign = core.signer.sign
        monkeypatch.setattr(core.signer, "sign", lambda *what: (signed.append(what[0].slot), sign(*what))[1])
        await federation.until(lambda: signed, ROUND_S + 1)
        assert len(signed) == 1

    _story(story)
