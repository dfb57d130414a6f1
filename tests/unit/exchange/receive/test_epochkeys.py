"""Epoch keys of others: from the log's own origin, for us, under its log key; the two that came last."""

import asyncio

import pytest

from tocsin.exchange.publish.epochs import Epochs
from tocsin.exchange.receive.epochkeys import EpochKeys, is_offer
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.virtualtime import VirtualClock, run


def story(town, told):
    """told(keys, offer): offer(to=, by=, at_s=, **body) is a signed statement; keys are those of bb."""

    async def main():
        members = {handle: await town.members(handle) for handle in ("aa", "bb")}
        clock = VirtualClock(asyncio.get_running_loop())
        channel = members["aa"].channel("plenary")

        def offer(*, to="bb", by="aa", at_s=0.0, **other):
            clock.offset_s = at_s
            epochs = Epochs(members["aa"], clock, SeededEntropy(int(at_s * 10)))
            epoch = epochs.current(channel.slots["aa"], channel)
            parsed = statement.parse(epochs.offer(channel.slots["aa"], epoch, to))
            made = statement.compose(statement.EPOCH_KEY, {**parsed.body, **other})
            mark = note.sign(made.note.text, key_name(by, Role.LOG), town.log_key(by))
            return made._replace(note=note.add(made.note, mark)), epoch

        told(EpochKeys(members["bb"]), offer, channel.slots["aa"])

    run(main)


def test_learn_and_get(town):
    def told(keys, offer, slot):
        signed, epoch = offer()
        assert is_offer(signed)
        assert keys.get(slot, epoch.number) is None
        keys.learn("aa", signed)
        assert keys.get(slot, epoch.number).raw == epoch.key.raw
        assert keys.get(slot, epoch.number + 1) is None
        assert keys.get(bytes(32), epoch.number) is None

    story(town, told)
    assert not is_offer(statement.parse(town.note))


@pytest.mark.parametrize("times", [(0.0, 1.0, 2.0), (2.0, 1.0, 0.0), (1.0, 2.0, 0.0)])
def test_the_two_that_came_last_are_kept_whatever_the_origins_clock_says(town, times):
    def told(keys, offer, slot):
        offers = [offer(at_s=one) for one in times]
        for signed, _ in offers:
            keys.learn("aa", signed)
        kept = [keys.get(slot, epoch.number) for _, epoch in offers]
        assert kept[0] is None
        assert [one.raw for one in kept[1:]] == [epoch.key.raw for _, epoch in offers[1:]]

    story(town, told)


@pytest.mark.parametrize(
    ("sender", "other"),
    [
        ("bb", {}),
        ("cc", {}),
        ("aa", {"from": "cc"}),
        ("aa", {"slot": "zz"}),
        ("aa", {"slot": "00" * 32}),
        ("aa", {"to": "cc"}),
        ("aa", {"by": "cc"}),
    ],
)
def test_what_counts_not(town, refused, sender, other):
    def told(keys, offer, slot):
        signed, epoch = offer(**other)
        with refused("receive.epoch-key"):
            keys.learn(sender, signed)
        assert keys.get(slot, epoch.number) is None

    story(town, told)


def test_a_key_wrapped_for_another_or_another_epoch_does_not_open(town, refused):
    def told(keys, offer, slot):
        for signed, _ in (offer(to="cc"), offer(epoch=7)):
            body = {**signed.body, "to": "bb"}
            made = statement.compose(statement.EPOCH_KEY, body)
            mark = note.sign(made.note.text, key_name("aa", Role.LOG), town.log_key("aa"))
            with refused("verify.wrap"):
                keys.learn("aa", made._replace(note=note.add(made.note, mark)))
        assert keys.get(slot, 7) is None

    story(town, told)


@pytest.mark.parametrize(
    ("other", "code"),
    [({"epoch": -1}, "format.statement"), ({"key": "!"}, "format.statement"), ({"slot": 1}, "format.statement")],
)
def test_a_body_that_is_none(town, refused, other, code):
    def told(keys, offer, _):
        signed, _ = offer(**other)
        with refused(code):
            keys.learn("aa", signed)

    story(town, told)
