"""The greeting when the charters differ: whoever has more hands over what the other lacks, and nothing undecided."""

import asyncio
from types import SimpleNamespace

import pytest

from tocsin.edge.peer import greeting
from tocsin.errors import MEANINGS, PolicyError, TocsinError
from tocsin.exchange.members.registry import Members
from tocsin.formats import message, note, statement
from tocsin.formats.keys import Role, SigningKey
from tocsin.testing.chance import SeededEntropy
from tocsin.testing.virtualtime import VirtualClock, run

KEYS = {handle: SigningKey(handle.encode() * 16) for handle in ("aa", "bb")}


def _signed(number):
    made = statement.compose(statement.CHARTER, {"version": number})
    return made._replace(note=note.add(made.note, note.sign(made.note.text, "tocsin/aa/governance", KEYS["aa"])))


SIGNED = [_signed(number) for number in range(6)]
DIGESTS = [bytes([number]) * 32 for number in range(6)]


class Charters:
    """Members as far as a greeting sees them: `has` charters of one history; `undecided` ones it will not adopt."""

    def __init__(self, me, has, *, undecided=(), expelled=()):
        self.me = me
        self.history = [SimpleNamespace(digest=DIGESTS[one], signed=SIGNED[one]) for one in has]
        self.undecided, self.expelled = undecided, expelled

    @property
    def charter(self):
        return self.history[-1]

    def peers(self):
        return [one for one in KEYS if one != self.me and one not in self.expelled]

    def member(self, handle):
        return SimpleNamespace(keys={Role.LOG: KEYS[handle].public})

    async def learn(self, signed):
        number = SIGNED.index(signed)
        if number in self.undecided:
            return
        if number != len(self.history):
            raise PolicyError("policy.charter-unsigned", "not the next one")
        self.history.append(SimpleNamespace(digest=DIGESTS[number], signed=SIGNED[number]))


class Wire:
    """One end of a link in memory."""

    def __init__(self, peer, said):
        self.peer, self.said, self.out = peer, said, asyncio.Queue()

    async def send(self, data):
        self.said.append(message.decode(data))
        await self.out.put(data)


async def _stream(queue):
    while True:
        yield await queue.get()


def meet(ours, theirs, speaks=((1, 2), (1, 2))):
    """What the greeting gives at both ends, a version or a code, and what was said by the first."""

    async def main():
        clock = VirtualClock(asyncio.get_running_loop())
        said = [], []
        wires = Wire("bb", said[0]), Wire("aa", said[1])
        ends = [
            greeting.Greeting(
                wire,
                _stream(other.out),
                greeting.Parts(
                    members,
                    lambda members=members: KEYS[members.me],
                    clock,
                    SeededEntropy(members.me.encode()),
                    "x",
                    spoken,
                ),
            )
            for wire, other, members, spoken in zip(wires, wires[::-1], (ours, theirs), speaks, strict=True)
        ]
        done = await asyncio.gather(
            *(one.greet(dialed=dialed) for one, dialed in zip(ends, (True, False), strict=True)),
            return_exceptions=True,
        )
        for one in done:
            if isinstance(one, BaseException) and not isinstance(one, TocsinError):
                raise one
        codes = [getattr(one, "code", one) for one in done]
        assert {one for one in codes if isinstance(one, str)} <= MEANINGS.keys()
        return codes, [type(one).__name__ for one in said[0]]

    return run(main)


def test_the_same_charter_needs_no_chain():
    assert meet(Charters("aa", range(2)), Charters("bb", range(2))) == ([2, 2], ["Hello", "Proof"])


@pytest.mark.parametrize(("here", "there"), [(1, 3), (3, 1), (1, 6), (6, 1)])
def test_who_is_behind_is_brought_up(here, there):
    one, other = Charters("aa", range(here)), Charters("bb", range(there))
    codes, said = meet(one, other)
    assert codes == [2, 2]
    assert said == ["Hello", "Chain", *["Notice"] * max(here - there, 0), "Proof"]
    assert [each.digest for each in one.history] == [each.digest for each in other.history]


def test_histories_that_differ_do_not_talk():
    other = Charters("bb", range(1))
    other.history.append(SimpleNamespace(digest=b"x" * 32, signed=SIGNED[1]))
    codes, said = meet(Charters("aa", range(2)), other)
    assert codes == ["peer.charter", "peer.charter"]
    assert said == ["Hello", "Chain"]


def test_a_charter_that_is_not_decided_here_ends_it():
    codes, _ = meet(Charters("aa", range(1), undecided={1}), Charters("bb", range(3)))
    assert codes[0] == "peer.charter"


def test_version_1_knows_no_chain():
    codes, said = meet(Charters("aa", range(1)), Charters("bb", range(2)), ((1, 2), (1, 1)))
    assert codes == ["peer.charter", "peer.charter"]
    assert said == ["Hello"]


@pytest.mark.parametrize("behind", [False, True])
def test_whom_the_charter_leaves_out_is_not_greeted(behind):
    codes, said = meet(Charters("aa", range(2 if behind else 1), expelled=("bb",)), Charters("bb", range(1)))
    assert codes[0] == "peer.expelled"
    assert "Proof" not in said
    assert ("Notice" in said) is behind, "nobody is expelled in silence"


def test_so_many_are_handed_over_on_one_link(monkeypatch):
    monkeypatch.setattr(greeting, "_MOST_CHARTERS", 2)
    one, other = Charters("aa", range(1)), Charters("bb", range(6))
    for held in (3, 5, 6):
        assert meet(one, other)[0] == [2, 2]
        assert len(one.history) == held


def test_what_the_real_directory_offers_is_all_that_is_asked_for():
    """The stand-in above must not have what Members has not."""
    for name in ("charter", "history", "peers", "member", "learn"):
        assert hasattr(Members, name)
