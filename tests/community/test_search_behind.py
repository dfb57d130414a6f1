"""A node whose search cannot follow says so instead of leaving the author waiting."""

import asyncio

import pytest

from tocsin.cli.demo.iocs import indicators
from tocsin.errors import StoreError
from tocsin.formats.tlp import Tlp
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run


def test_share_is_refused_when_search_stands_still():
    async def main():
        federation = Federation(asyncio.get_running_loop(), ["aa", "bb"], 5)
        await federation.found()
        core = federation.core("aa")
        one, other = indicators(2, 1)
        core.search._follower.handle = _full  # the disk takes the entry and then nothing more
        await federation.share("aa", "plenary", [one], Tlp.GREEN)
        with pytest.raises(StoreError) as found:
            await federation.share("aa", "plenary", [other], Tlp.GREEN)
        assert found.value.code == "store.search-behind"
        await federation.stop()

    run(main)


def _full(rows, tx):
    raise StoreError("store.full", "no room")
