"""The epoch keys others gave us. In memory only: after a restart the origin hands them out again."""

from typing import Final

from tocsin.errors import VerificationError
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.epochs import wrap_info
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, decode_base64, key_name
from tocsin.formats.seal import EpochKey
from tocsin.formats.statement import Statement, number, text

_KEEP: Final = 2  # the current one, and the one before for frames already on their way


class EpochKeys:
    """By slot and epoch."""

    def __init__(self, members: Members) -> None:
        self._members = members
        self._keys: dict[bytes, dict[int, EpochKey]] = {}

    def learn(self, sender: str, signed: Statement) -> None:
        """Take a key from its origin. Raises FormatError, VerificationError("receive.epoch-key")."""
        body = signed.body
        try:
            slot = bytes.fromhex(text(body, "slot"))
        except ValueError as error:
            raise VerificationError("receive.epoch-key", "the slot of an epoch key is not hexadecimal") from error
        found = self._members.origin(slot)
        if found is None or found.origin != sender or text(body, "from") != sender:
            raise VerificationError("receive.epoch-key", f"{sender} offers a key for a log that is not its own")
        key_of_log = self._members.member(sender).keys[Role.LOG]
        if not note.verified(signed.note, key_name(sender, Role.LOG), key_of_log):
            raise VerificationError("receive.epoch-key", f"an epoch key is not signed by the log key of {sender}")
        epoch = number(body, "epoch")
        if text(body, "to") != self._members.me:
            raise VerificationError("receive.epoch-key", f"{sender} offers us a key made for somebody else")
        info = wrap_info(slot, epoch, self._members.me)
        sealed = decode_base64(text(body, "key", longest=4096), "format.statement")
        raw = self._members.keyring.sealing().unwrap(sealed, info)
        # By the order in which they came, not by number: the origin's clock may have stepped back between two starts.
        kept = [one for one in self._keys.get(slot, {}).items() if one[0] != epoch]
        self._keys[slot] = dict([*kept, (epoch, EpochKey(raw))][-_KEEP:])

    def get(self, slot: bytes, epoch: int) -> EpochKey | None:
        """The key, if we were given it and it is recent."""
        return self._keys.get(slot, {}).get(epoch)


def is_offer(signed: Statement) -> bool:
    """Whether a notice is an epoch key."""
    return signed.kind == statement.EPOCH_KEY
