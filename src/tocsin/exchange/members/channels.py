"""Channels: a channel is exactly its audience. Its statement counts once every member of its roster has signed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest as hmac_digest
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from tocsin.errors import FormatError, VerificationError
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.descriptor import is_signed
from tocsin.formats import statement
from tocsin.formats.keys import decode_base64
from tocsin.formats.markings import ChannelKind
from tocsin.formats.seal import SealKey
from tocsin.formats.statement import Statement, mapping, number, text, texts
from tocsin.formats.text import check_handle

SECRET_BYTES: Final = 32
PLENARY: Final = "plenary"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of ours. `slots` names each member's log in it; outsiders cannot compute them."""

    number: int
    id: str
    kind: ChannelKind
    name: str
    title: str
    roster: frozenset[str]
    named_people: bool
    creator: str
    created: int
    slots: Mapping[str, bytes]
    signers: frozenset[str]
    signed: Statement | None  # None: the plenary, which the charter itself founds

    @property
    def is_open(self) -> bool:
        """Whether every member of the roster has countersigned."""
        return self.signers >= self.roster


def slot_of(secret: bytes, origin: str) -> bytes:
    """The name of the log of `origin` in the channel with this secret."""
    return hmac_digest(secret, b"tocsin/slot/v1" + origin.encode(), "sha256")


def wrap_info(channel_id: str, handle: str) -> bytes:
    """What binds a wrapped channel secret to its channel and receiver."""
    return f"tocsin/channel-secret/v1\n{channel_id}\n{handle}".encode()


def plenary(charter: Charter) -> Channel:
    """The channel of all members. That it exists is no secret; what is said in it is sealed as everywhere."""
    roster = frozenset(charter.members)
    secret = sha256(b"tocsin/plenary/v1" + charter.digest).digest()
    return Channel(
        number=1,
        id=str(uuid5(NAMESPACE_URL, "tocsin-plenary:" + charter.digest.hex())),
        kind=ChannelKind.PLENARY,
        name=PLENARY,
        title=f"Plenary of {charter.name}",
        roster=roster,
        named_people=False,
        creator="",
        created=charter.created,
        slots={handle: slot_of(secret, handle) for handle in roster},
        signers=roster,
        signed=None,
    )


def compose(described: Mapping[str, Any], secret: bytes, wrapped: Mapping[str, str]) -> Statement:
    """An unsigned channel statement from its description and the secret wrapped to each member."""
    body = {**described, "secret": dict(wrapped), "secret_digest": secret_digest(secret)}
    return statement.compose(statement.CHANNEL, body)


def read(signed: Statement, charter: Charter, me: str, key: SealKey, number_: int) -> Channel:
    """The channel in a statement, checked against the charter and opened with our seal key.

    Raises FormatError, VerificationError("verify.channel"): a roster outside the charter, without us, with another
    size than its kind allows, for another charter, or not signed by its creator.
    """
    body = signed.body
    roster = texts(body, "roster")
    kind = text(body, "kind")
    creator = text(body, "creator")
    name = check_handle(text(body, "name"))
    if signed.kind != statement.CHANNEL or kind not in (ChannelKind.THEMATIC, ChannelKind.BILATERAL):
        raise FormatError("format.statement", "the statement is not a thematic or bilateral channel")
    if name == PLENARY or list(roster) != sorted(set(roster)) or not {creator, me} <= set(roster):
        raise VerificationError("verify.channel", "the roster is not sorted, or lacks its creator or us")
    fits = len(roster) == 2 if kind == ChannelKind.BILATERAL else len(roster) >= 2
    if not fits or not set(roster) <= charter.members.keys():
        raise VerificationError("verify.channel", "the roster does not fit the kind of channel or the charter")
    if text(body, "charter") != charter.digest.hex():
        raise VerificationError("verify.channel", "the channel was made under another charter")
    signers = frozenset(handle for handle in roster if is_signed(signed, charter.members[handle]))
    if creator not in signers:
        raise VerificationError("verify.channel", "the channel is not signed by its creator")
    secret = _open_secret(body, me, key)
    return Channel(
        number=number_,
        id=text(body, "id"),
        kind=ChannelKind(kind),
        name=name,
        title=text(body, "title"),
        roster=frozenset(roster),
        named_people=body.get("named_people") is True,
        creator=creator,
        created=number(body, "created"),
        slots={handle: slot_of(secret, handle) for handle in roster},
        signers=signers,
        signed=signed,
    )


def _open_secret(body: dict[str, Any], me: str, key: SealKey) -> bytes:
    wrapped, channel_id, digest = mapping(body, "secret"), text(body, "id"), text(body, "secret_digest")
    sealed = decode_base64(text(wrapped, me, longest=4096), "format.statement")
    secret = key.unwrap(sealed, wrap_info(channel_id, me))
    # All sign the digest: two members given two secrets would compute different slots and never hear each other.
    if len(secret) != SECRET_BYTES or secret_digest(secret) != digest:
        raise VerificationError("verify.channel", "the channel secret is not the one its statement names")
    return secret


def secret_digest(secret: bytes) -> str:
    """What the statement says of the secret, so that all members are known to hold the same one."""
    return sha256(b"tocsin/channel-secret-digest/v1" + secret).hexdigest()
