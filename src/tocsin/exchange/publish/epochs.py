"""Epoch keys: one AES key for each (us, channel, epoch), wrapped once to each member. In memory only.

A new epoch begins with every start of the node, with every change of a roster, and at least once a day. Old keys are
dropped at once: what must be sent again is sealed again under the current key, so no key ever rests on a disk.
"""

from base64 import b64encode
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from tocsin.exchange.members.channels import Channel
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.audience import readers
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, key_name
from tocsin.formats.seal import KEY_BYTES, EpochKey, wrap
from tocsin.ports.clock import Clock
from tocsin.ports.entropy import Entropy

_LONGEST_US: Final = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Epoch:
    """The key under which we seal now. `number` grows: it is the instant of opening in microseconds."""

    number: int
    key: EpochKey
    roster: frozenset[str]


def wrap_info(slot: bytes, epoch: int, to: str) -> bytes:
    """What binds a wrapped epoch key to its log, epoch and receiver."""
    return f"tocsin/epoch-key/v1\n{slot.hex()}\n{epoch}\n{to}".encode()


class Epochs:
    """The current epoch of each of our logs."""

    def __init__(self, members: Members, clock: Clock, entropy: Entropy) -> None:
        self._members = members
        self._clock = clock
        self._entropy = entropy
        self._current: dict[bytes, Epoch] = {}

    def current(self, slot: bytes, channel: Channel) -> Epoch:
        """The epoch to seal under now in one of our logs; a new one if the roster changed or a day has passed."""
        now_us = self._clock.now_us()
        epoch = self._current.get(slot)
        if epoch is None or epoch.roster != readers(channel) or now_us - epoch.number > _LONGEST_US:
            number = max(now_us, epoch.number + 1 if epoch else 0)
            epoch = Epoch(number, EpochKey(self._entropy.bytes(KEY_BYTES)), readers(channel))
            self._current[slot] = epoch
        return epoch

    def renew(self, channel: Channel) -> None:
        """Give up the keys of a channel: whatever is sealed from now on is sealed under new ones."""
        for slot in (channel.slots[self._members.me], channel.urgent[self._members.me]):
            old = self._current.get(slot)
            if old is not None:
                self._current[slot] = replace(old, roster=frozenset())

    def offer(self, slot: bytes, epoch: Epoch, to: str) -> bytes:
        """The signed statement that hands the epoch's key to one member of its roster."""
        if to not in epoch.roster:
            raise RuntimeError("an epoch key goes to its roster only")
        member = self._members.member(to)
        wrapped = wrap(member.seal, epoch.key.raw, wrap_info(slot, epoch.number, to))
        body = {
            "slot": slot.hex(),
            "epoch": epoch.number,
            "from": self._members.me,
            "to": to,
            "roster": sha256("\n".join(sorted(epoch.roster)).encode()).hexdigest(),
            "key": b64encode(wrapped).decode(),
        }
        made = statement.compose(statement.EPOCH_KEY, body)
        key = self._members.keyring.signing(Role.LOG)
        signature = note.sign(made.note.text, key_name(self._members.me, Role.LOG), key)
        return statement.encode(made._replace(note=note.add(made.note, signature)))
