"""Fuzz signed statements, and what reads them: charters, descriptors. A value that encodes to the same bytes, or
FormatError; a descriptor that its own key did not sign is refused."""

import json
import sys
from base64 import b64encode
from pathlib import Path

from mutation import drive
from tocsin.errors import FormatError, VerificationError
from tocsin.exchange.members import charter, descriptor
from tocsin.formats import statement
from tocsin.formats.keys import Role, SigningKey
from tocsin.formats.seal import PUBLIC_BYTES
from tocsin.formats.tlp import Tlp

_VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "wire" / "statement.json"
_CASES = json.loads(_VECTORS.read_text("utf-8"))["cases"]  # noqa: TID251 - our own file, outside the package


class _Keys:
    """Fixed keys for the samples."""

    def signing(self, role: Role) -> SigningKey:
        """The key of a role."""
        return SigningKey(bytes([list(Role).index(role)]) * 32)


def _described(handle: str) -> dict[str, object]:
    keys = {role.value: b64encode(_Keys().signing(role).public.raw).decode() for role in descriptor.SIGNING}
    keys |= {"seal": b64encode(bytes(PUBLIC_BYTES)).decode(), "transport": b64encode(handle.encode()).decode()}
    return {
        "handle": handle,
        "name": handle,
        "kind": "organisation",
        "identity": "identity--1",
        "countries": ["MA"],
        "constituency": {"cidr": ["198.51.100.0/24"]},
        "endpoints": {"peer": "aa:1"},
        "keys": keys,
        "created": 1,
    }


def _samples() -> tuple[bytes, ...]:
    described = descriptor.sign(statement.compose(statement.MEMBER, _described("aa")), "aa", _Keys())
    founded = charter.found("fuzz", [_described("aa"), _described("bb")], Tlp.GREEN, 1)
    signed = [descriptor.sign(founded, handle, _Keys()) for handle in ("aa", "bb")]
    return (
        *(case["note"].encode() for case in _CASES),
        statement.encode(described),
        statement.encode(charter.merged(*signed)),
    )


SAMPLES = _samples()
_SIGNED = statement.parse(SAMPLES[-2]).note.text


def one_input(data: bytes) -> None:
    """Parse `data`, and read it as whatever it may be."""
    try:
        value = statement.parse(data)
    except FormatError:
        return
    if statement.encode(value) != data:
        raise AssertionError("parse and encode are not inverse")
    _as_charter(value)
    _as_descriptor(data, value)


def _as_charter(value: statement.Statement) -> None:
    try:
        found = charter.of(value)
    except FormatError:
        return
    if not found.signers() <= found.members.keys() or len(found.members) < 2:
        raise AssertionError("a charter with signers that are no members")


def _as_descriptor(data: bytes, value: statement.Statement) -> None:
    try:
        descriptor.read(data)
    except (FormatError, VerificationError):
        return
    if value.note.text != _SIGNED:
        raise AssertionError("a descriptor that was never signed is taken")


if __name__ == "__main__":
    drive(one_input, SAMPLES, sys.argv[1:])
