"""Receipts that come back to a relay: checked, and passed on to the origin whose log it was."""

from typing import Final

from tocsin.errors import VerificationError
from tocsin.exchange.members.registry import Members
from tocsin.exchange.publish.roots import root_of
from tocsin.exchange.tlog.logs import Log
from tocsin.formats import cosignature, note
from tocsin.formats.keys import Role, key_name
from tocsin.formats.message import Receipt, Relayed
from tocsin.ports.database import Database

_MOST: Final = 65_536


class Relays:
    """The newest receipt of each member for each log that we relayed. In memory: members give them again at every link."""

    def __init__(self, members: Members, database: Database) -> None:
        self._members = members
        self._database = database
        self._newest: dict[tuple[bytes, str], Relayed] = {}

    async def take(self, peer: str, log: Log, receipt: Receipt) -> Relayed:
        """A receipt of a peer for another's log. Raises VerificationError("deliver.receipt-unknown", "-signature")."""
        place = self._members.origin(log.slot)
        root = await root_of(self._database, log, receipt.size)
        if place is None or peer not in place.channel.listed or root is None:
            raise VerificationError("deliver.receipt-unknown", f"{peer} receipted more of a log than we relayed")
        name = key_name(peer, Role.RECEIPT)
        signature = note.Signature(name, receipt.key_id, receipt.blob)
        text = log.checkpoint(receipt.size, root)
        keys = [one.keys[Role.RECEIPT] for one in self._members.known(peer)]
        if all(cosignature.verify(text, signature, name, key) is None for key in keys):
            raise VerificationError("deliver.receipt-signature", f"a receipt of {peer} is not signed by its key")
        made = Relayed(peer, receipt.slot, receipt.size, receipt.key_id, receipt.blob)
        if len(self._newest) < _MOST:
            self._newest[log.slot, peer] = made
        return made

    def of(self, origin: str) -> list[Relayed]:
        """What to pass on to an origin when it is linked."""
        found = ((slot, one) for (slot, _), one in self._newest.items())
        return [one for slot, one in found if (place := self._members.origin(slot)) and place.origin == origin]
