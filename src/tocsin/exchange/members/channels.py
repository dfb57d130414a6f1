"""Channels: a channel is exactly its audience, and its roster changes from one *generation* to the next.

The first generation counts once every member of its roster has signed it, a later one once more than half of the roster
before it and everyone who joins have. Each generation has a secret of its own, hence logs of its own: who left cannot
even name what follows, and who joins is given nothing of what came before.
"""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest as hmac_digest
from typing import Any, Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from tocsin.errors import FormatError, VerificationError
from tocsin.exchange.members import succession
from tocsin.exchange.members.charter import Charter
from tocsin.exchange.members.descriptor import Member, is_signed
from tocsin.exchange.members.succession import Ballot
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, SigningKey, decode_base64, key_name
from tocsin.formats.markings import ChannelKind
from tocsin.formats.seal import SealKey, wrap
from tocsin.formats.statement import Statement, mapping, number, text, texts
from tocsin.formats.text import check_handle

SECRET_BYTES: Final = 32
PLENARY: Final = "plenary"


@dataclass(frozen=True, slots=True)
class Stated:
    """What a channel statement says, checked as far as it can be without our keys and the channel's past."""

    id: str
    version: int
    round: int
    previous: str  # digest of the generation before, hexadecimal; empty for the first
    voters: frozenset[str]  # the roster before; empty for the first
    kind: ChannelKind
    name: str
    title: str
    roster: frozenset[str]
    named_people: bool
    creator: str
    created: int
    signers: frozenset[str]
    signed: Statement

    @property
    def digest(self) -> bytes:
        """SHA-256 of the text: the name of this generation."""
        return sha256(self.signed.note.text).digest()

    @property
    def joiners(self) -> frozenset[str]:
        """Who is in the roster and was not before."""
        return self.roster - self.voters

    @property
    def ballot(self) -> Ballot:
        """The statement as a proposal for the next version."""
        return Ballot(self.version, self.round, self.digest, self.signers)

    @property
    def is_decided(self) -> bool:
        """Whether all have signed who must."""
        if self.version == 1:
            return self.signers >= self.roster
        return self.joiners <= self.signers and succession.wins(self.ballot, self.voters, succession.HALF)


@dataclass(frozen=True, slots=True)
class Channel:
    """One generation of a channel of ours.

    `roster` is its audience as it stands now: whom the statement lists, without those who have left or been suspended
    or expelled since. `slots` and `urgent` name each listed member's two logs in it; outsiders cannot compute them.
    """

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
    urgent: Mapping[str, bytes]
    signers: frozenset[str]
    signed: Statement | None  # None: the plenary, which the charter itself founds
    listed: frozenset[str]
    version: int = 1
    is_open: bool = False  # all have signed who must: its logs travel
    is_current: bool = False  # open, the newest, and we are in it: it may be shared in

    @property
    def waits_for(self) -> frozenset[str]:
        """Who of the roster has not signed."""
        return frozenset() if self.is_open else self.listed - self.signers


def age(one: Stated) -> tuple[int, int, int, str, bytes]:
    """The order of statements of one channel. The digest comes last: it holds chance, and a story is to be told again."""
    return one.version, one.round, one.created, one.creator, one.digest


class Place(NamedTuple):
    """Which log a slot names."""

    channel: Channel
    origin: str
    is_urgent: bool


def slot_of(secret: bytes, origin: str, *, urgent: bool = False) -> bytes:
    """The name of a log of `origin` in the generation with this secret."""
    domain = b"tocsin/slot/urgent/v1" if urgent else b"tocsin/slot/v1"
    return hmac_digest(secret, domain + origin.encode(), "sha256")


def wrap_info(channel_id: str, handle: str) -> bytes:
    """What binds a wrapped channel secret to its channel and receiver."""
    return f"tocsin/channel-secret/v1\n{channel_id}\n{handle}".encode()


def plenaries(history: Iterable[Charter], me: str) -> list[Channel]:
    """The channel of all members, one generation for every change in who takes part. Oldest first.

    That it exists is no secret; what is said in it is sealed as everywhere.
    """
    charters = list(history)
    founding, now = charters[0], charters[-1]
    founders: list[Charter] = []
    for one in charters:
        if not founders or founders[-1].active != one.active:
            founders.append(one)
    made = []
    for version, one in enumerate(founders, 1):
        secret = sha256(b"tocsin/plenary/v1" + one.digest).digest()
        made.append(
            Channel(
                number=1,
                id=str(uuid5(NAMESPACE_URL, "tocsin-plenary:" + founding.digest.hex())),
                kind=ChannelKind.PLENARY,
                name=PLENARY,
                title=f"Plenary of {now.name}",
                roster=one.active & now.active,
                named_people=False,
                creator="",
                created=one.created,
                slots={handle: slot_of(secret, handle) for handle in one.active},
                urgent={handle: slot_of(secret, handle, urgent=True) for handle in one.active},
                signers=one.active,
                signed=None,
                listed=one.active,
                version=version,
                is_open=me in one.active,
                is_current=one is founders[-1] and me in now.active,
            )
        )
    return [one for one in made if me in one.listed]


def compose(described: Mapping[str, Any], secret: bytes, wrapped: Mapping[str, str]) -> Statement:
    """An unsigned channel statement from its description and the secret wrapped to each member."""
    body = {**described, "secret": dict(wrapped), "secret_digest": secret_digest(secret)}
    return statement.compose(statement.CHANNEL, body)


def stated(signed: Statement, charter_of: Callable[[bytes], Charter | None], now: Charter) -> Stated:
    """What a channel statement says. `charter_of` finds a charter of our history by its digest.

    Raises FormatError, VerificationError("verify.channel"): a roster outside the charter it was made under, with another
    size than its kind allows, under a charter we do not know, or not signed by its creator.
    """
    body = signed.body
    roster = texts(body, "roster")
    kind, creator = text(body, "kind"), text(body, "creator")
    name = check_handle(text(body, "name"))
    if signed.kind != statement.CHANNEL or kind not in (ChannelKind.THEMATIC, ChannelKind.BILATERAL):
        raise FormatError("format.statement", "the statement is not a thematic or bilateral channel")
    version, round_, previous, voters = _succession(body)
    charter = _charter(body, charter_of)
    if name == PLENARY or list(roster) != sorted(set(roster)):
        raise VerificationError("verify.channel", "the roster is not sorted, or the channel takes the plenary's name")
    fits = len(roster) == 2 if kind == ChannelKind.BILATERAL else len(roster) >= 2
    if not fits or not set(roster) <= charter.active or (kind == ChannelKind.BILATERAL and version != 1):
        raise VerificationError("verify.channel", "the roster does not fit the kind of channel or the charter")
    concerned = set(roster) | voters
    if creator not in (voters or set(roster)):
        raise VerificationError("verify.channel", "the channel's creator is not among those who decide")
    signers = frozenset(handle for handle in concerned if _has_signed(signed, handle, charter, now))
    if creator not in signers:
        raise VerificationError("verify.channel", "the channel is not signed by its creator")
    return Stated(
        id=text(body, "id"),
        version=version,
        round=round_,
        previous=previous,
        voters=frozenset(voters),
        kind=ChannelKind(kind),
        name=name,
        title=text(body, "title"),
        roster=frozenset(roster),
        named_people=body.get("named_people") is True,
        creator=creator,
        created=number(body, "created"),
        signers=signers,
        signed=signed,
    )


def _succession(body: dict[str, Any]) -> tuple[int, int, str, set[str]]:
    version = number(body, "version") if "version" in body else 1
    round_ = number(body, "round") if "round" in body else 0
    previous = text(body, "previous") if "previous" in body else ""
    voters = texts(body, "voters")
    first = version == 1 and not round_ and not previous and not voters
    later = version > 1 and len(previous) == 64 and voters and list(voters) == sorted(set(voters))
    if not (first or later):
        raise FormatError("format.statement", "the channel does not say which generation it follows")
    return version, round_, previous, set(voters)


def _charter(body: dict[str, Any], charter_of: Callable[[bytes], Charter | None]) -> Charter:
    try:
        found = charter_of(bytes.fromhex(text(body, "charter")))
    except ValueError:
        found = None
    if found is None:
        raise VerificationError("verify.channel", "the channel was made under another charter")
    return found


def _has_signed(signed: Statement, handle: str, *charters: Charter) -> bool:
    return any(is_signed(signed, one.members[handle]) for one in charters if handle in one.members)


def open_secret(one: Stated, me: str, key: SealKey, handed: Statement | None = None) -> bytes:
    """The secret of a generation that lists us, as it was wrapped in its statement or in the one by which it was handed
    over. Raises FormatError, VerificationError("verify.channel", "verify.wrap").
    """
    wrapped = mapping((handed or one.signed).body, "secret")
    sealed = decode_base64(text(wrapped, me, longest=4096), "format.statement")
    return require_secret(one, key.unwrap(sealed, wrap_info(one.id, me)))


def require_secret(one: Stated, secret: bytes) -> bytes:
    """The secret, if it is the one that the statement names. Raises FormatError, VerificationError("verify.channel")."""
    # All sign the digest: two members given two secrets would compute different slots and never hear each other.
    if len(secret) != SECRET_BYTES or secret_digest(secret) != text(one.signed.body, "secret_digest"):
        raise VerificationError("verify.channel", "the channel secret is not the one its statement names")
    return secret


def hand_over(one: Stated, secret: bytes, to: Member, me: str, key: SigningKey) -> Statement:
    """The secret wrapped to the seal key that a member of the roster has now. Whoever brings it, the digest proves it."""
    sealed = b64encode(wrap(to.seal, secret, wrap_info(one.id, to.handle))).decode()
    body = {"channel": one.id, "statement": one.digest.hex(), "secret": {to.handle: sealed}}
    made = statement.compose(statement.HANDED, body)
    return made._replace(note=note.add(made.note, note.sign(made.note.text, key_name(me, Role.LOG), key)))


def seal_then(one: Stated, handle: str, charter_of: Callable[[bytes], Charter | None]) -> bytes | None:
    """The seal key that a member had by the charter under which the statement was made."""
    found = _charter(one.signed.body, charter_of).members.get(handle)
    return found.seal if found else None


def generation(one: Stated, secret: bytes, number_: int) -> Channel:
    """The channel of a statement whose secret we have, with all that it lists; registry.py narrows the audience."""
    return Channel(
        number=number_,
        id=one.id,
        kind=one.kind,
        name=one.name,
        title=one.title,
        roster=one.roster,
        named_people=one.named_people,
        creator=one.creator,
        created=one.created,
        slots={handle: slot_of(secret, handle) for handle in sorted(one.roster)},
        urgent={handle: slot_of(secret, handle, urgent=True) for handle in sorted(one.roster)},
        signers=one.signers,
        signed=one.signed,
        listed=one.roster,
        version=one.version,
        is_open=one.is_decided,
        is_current=one.is_decided,
    )


def secret_digest(secret: bytes) -> str:
    """What the statement says of the secret, so that all members are known to hold the same one."""
    return sha256(b"tocsin/channel-secret-digest/v1" + secret).hexdigest()
