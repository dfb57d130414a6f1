"""A member as it describes itself, signed with its own governance key."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from ipaddress import ip_network
from typing import Any, Final, Protocol

from tocsin.errors import FormatError, VerificationError
from tocsin.formats import note, statement
from tocsin.formats.keys import Role, SigningKey, VerifyKey, decode_base64, key_name
from tocsin.formats.seal import PUBLIC_BYTES
from tocsin.formats.statement import Statement, mapping, number, text, texts
from tocsin.formats.text import check_handle
from tocsin.ports.keyring import Keyring

KINDS: Final = frozenset({"state-service", "organisation"})
_COUNTRY: Final = re.compile(r"[A-Z]{2}")
SIGNING: Final = (Role.GOVERNANCE, Role.LOG, Role.RECEIPT)


class Signers(Protocol):
    """Whatever hands out signing keys by role."""

    def signing(self, role: Role) -> SigningKey:
        """The key of that role."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the charter. `constituency` is what it answers for in the sense of RFC 2350."""

    handle: str
    name: str
    kind: str
    identity: str
    countries: tuple[str, ...]
    blocs: tuple[str, ...]
    sectors: tuple[str, ...]
    languages: tuple[str, ...]
    constituency: Mapping[str, tuple[str, ...]]
    endpoint: str  # host:port of the peer listener; empty when it can only dial out
    keys: Mapping[Role, VerifyKey]
    seal: bytes
    certificate: bytes  # DER
    created: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the governance key, in groups of four to be read aloud."""
        return fingerprint(self.keys[Role.GOVERNANCE].raw)

    @property
    def public(self) -> Mapping[Role, bytes]:
        """Every public key; of transport the DER certificate."""
        return {role: self.keys[role].raw for role in SIGNING} | {
            Role.SEAL: self.seal,
            Role.TRANSPORT: self.certificate,
        }


def fingerprint(public: bytes) -> str:
    """SHA-256 of a public key, the first half, in groups of four."""
    digest = sha256(public).hexdigest()[:32]
    return " ".join(digest[i : i + 4] for i in range(0, 32, 4))


def member(body: dict[str, Any]) -> Member:
    """The member in a descriptor's body. Raises FormatError."""
    keys = mapping(body, "keys")
    kind = text(body, "kind")
    countries = texts(body, "countries")
    if kind not in KINDS or not all(_COUNTRY.fullmatch(one) for one in countries):
        raise FormatError("format.statement", "the member's kind or a country code is not one we know")
    raw = {role: decode_base64(text(keys, role, longest=4096), "format.key") for role in Role}
    signing = {role: VerifyKey(raw[role]) for role in SIGNING}
    if len({key.raw for key in signing.values()}) != len(SIGNING) or len(raw[Role.SEAL]) != PUBLIC_BYTES:
        raise FormatError("format.statement", "the member uses one key for two roles, or a malformed seal key")
    return Member(
        handle=check_handle(text(body, "handle")),
        name=text(body, "name"),
        kind=kind,
        identity=text(body, "identity"),
        countries=countries,
        blocs=texts(body, "blocs"),
        sectors=texts(body, "sectors"),
        languages=texts(body, "languages"),
        constituency=_constituency(mapping(body, "constituency")),
        endpoint=text(mapping(body, "endpoints"), "peer"),
        keys=signing,
        seal=raw[Role.SEAL],
        certificate=raw[Role.TRANSPORT],
        created=number(body, "created"),
    )


def _constituency(body: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found = {key: texts(body, key) for key in ("countries", "cidr", "domains", "asn")}
    try:
        for block in found["cidr"]:
            ip_network(block)
    except ValueError as error:
        raise FormatError("format.statement", "a CIDR block of the constituency is not one") from error
    return found


def sign(signed: Statement, handle: str, signers: Signers) -> Statement:
    """The statement with our governance signature added."""
    name = key_name(handle, Role.GOVERNANCE)
    mark = note.sign(signed.note.text, name, signers.signing(Role.GOVERNANCE))
    return signed._replace(note=note.add(signed.note, mark))


def prove(signed: Statement, described: Member, keyring: Keyring) -> Statement:
    """The statement signed also with the governance key that waits, if `described` names it: it is in our hands."""
    key = keyring.proving(described.keys[Role.GOVERNANCE].raw)
    if key is None:
        return signed
    mark = note.sign(signed.note.text, key_name(described.handle, Role.GOVERNANCE), key)
    return signed._replace(note=note.add(signed.note, mark))


def read(data: bytes) -> tuple[Member, Statement]:
    """A self-signed descriptor from its file. Raises FormatError, VerificationError("verify.descriptor")."""
    parsed = statement.parse(data)
    if parsed.kind != statement.MEMBER:
        raise FormatError("format.statement", "the file is not a member descriptor")
    found = member(parsed.body)
    if not is_signed(parsed, found):
        raise VerificationError("verify.descriptor", f"the descriptor of {found.handle} is not signed by its own key")
    return found, parsed


def genuine(signed: Statement, members: Iterable[Member]) -> Statement:
    """The statement with those of its signatures that are right and by these members' governance keys.

    A false line beside a right one would make the right one worthless (formats/note.py), so none may be merged in.
    """
    known = {
        (name, note.key_id(name, note.ED25519, one.keys[Role.GOVERNANCE].raw)): one.keys[Role.GOVERNANCE]
        for one in members
        for name in (key_name(one.handle, Role.GOVERNANCE),)
    }
    right = tuple(
        line
        for line in dict.fromkeys(signed.note.signatures)
        if (key := known.get((line.name, line.key_id))) is not None and key.verify(signed.note.text, line.blob)
    )
    return signed._replace(note=replace(signed.note, signatures=right))


def is_signed(signed: Statement, by: Member) -> bool:
    """Whether the member's governance key signed exactly this text."""
    return note.verified(signed.note, key_name(by.handle, Role.GOVERNANCE), by.keys[Role.GOVERNANCE])
