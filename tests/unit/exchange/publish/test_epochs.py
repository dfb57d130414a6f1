"""Epoch keys: one for each log and roster, a day at most, handed to the roster only."""

import asyncio
from dataclasses import replace

import pytest

from tocsin.exchange.publish.epochs import Epochs, wrap_info
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, decode_base64, key_name
from tocsin.formats.seal import EpochKey
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.virtualtime import VirtualClock, run

DAY_S = 86_400


def story(town, told):
    async def main():
        members = await town.members("aa")
        clock = VirtualClock(asyncio.get_running_loop())
        epochs = Epochs(members, clock, SeededEntropy(1))
        await told(epochs, members.channel("plenary"), clock)

    run(main)


def test_a_day_at_most(town):
    async def told(epochs, channel, clock):
        first = epochs.current(channel.slots["aa"], channel)
        assert first.number == clock.now_us()
        await clock.sleep(DAY_S)
        assert epochs.current(channel.slots["aa"], channel) is first
        await clock.sleep(1)
        second = epochs.current(channel.slots["aa"], channel)
        assert second.number == clock.now_us()
        assert second.key.raw != first.key.raw

    story(town, told)


def test_a_change_of_roster_opens_another_whose_number_is_larger(town):
    async def told(epochs, channel, clock):
        first = epochs.current(channel.slots["aa"], channel)
        clock.offset_s = -60
        second = epochs.current(channel.slots["aa"], replace(channel, roster=frozenset({"aa", "bb"})))
        assert second.number == first.number + 1
        assert second.key.raw != first.key.raw
        assert second.roster == {"aa", "bb"}

    story(town, told)


def test_each_log_has_its_own(town):
    async def told(epochs, channel, _):
        routine, urgent = (epochs.current(slot, channel) for slot in (channel.slots["aa"], channel.urgent["aa"]))
        assert routine.key.raw != urgent.key.raw


def test_renewed_on_demand_in_both_logs(town):
    async def told(epochs, channel, _):
        slots = (channel.slots["aa"], channel.urgent["aa"])
        before = [epochs.current(slot, channel) for slot in slots]
        epochs.renew(channel)
        after = [epochs.current(slot, channel) for slot in slots]
        assert all(
            new.number > old.number and new.key.raw != old.key.raw for old, new in zip(before, after, strict=True)
        )
        assert [epochs.current(slot, channel) for slot in slots] == after

    story(town, told)


def test_the_offer_is_for_one_member_and_signed_by_the_log_key(town):
    async def told(epochs, channel, _):
        epoch = epochs.current(channel.slots["aa"], channel)
        parsed = statement.parse(epochs.offer(channel.slots["aa"], epoch, "bb"))
        assert parsed.kind == statement.EPOCH_KEY
        assert (parsed.body["from"], parsed.body["to"], parsed.body["epoch"]) == ("aa", "bb", epoch.number)
        assert parsed.body["slot"] == channel.slots["aa"].hex()
        assert note.verified(parsed.note, key_name("aa", Role.LOG), town.log_key("aa").public)
        sealed = decode_base64(parsed.body["key"], "format.key")
        raw = town.keys["bb"].sealing().unwrap(sealed, wrap_info(channel.slots["aa"], epoch.number, "bb"))
        assert raw == epoch.key.raw == EpochKey(raw).raw
        with pytest.raises(RuntimeError):
            epochs.offer(channel.slots["aa"], epoch, "zz")

    story(town, told)
