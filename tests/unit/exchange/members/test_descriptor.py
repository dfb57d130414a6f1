"""Descriptors: read back what was written, refuse what is not one."""

from base64 import b64encode

import pytest

from tocsin.errors import FormatError
from tocsin.exchange.members import descriptor
from tocsin.formats import statement
from tocsin.formats.keys import Role


def test_read(town):
    found, signed = descriptor.read(town.descriptor("aa"))
    assert (found.handle, found.name, found.kind, found.endpoint) == ("aa", "AA", "state-service", "aa:1")
    assert (found.countries, found.blocs, found.sectors, found.created) == (("MA",), ("AU",), (), 5)
    assert found.constituency == {
        "countries": (),
        "cidr": ("198.51.100.0/24",),
        "domains": ("example.org",),
        "asn": (),
    }
    assert found.keys[Role.LOG] == town.log_key("aa").public
    assert found.seal == town.keys["aa"].sealing().public
    assert found.certificate == town.keys["aa"].public(Role.TRANSPORT)
    assert descriptor.is_signed(signed, found)


def test_the_fingerprint_is_of_the_governance_key(town):
    one, two = (descriptor.read(town.descriptor(handle))[0].fingerprint for handle in ("aa", "bb"))
    assert one != two
    assert [len(part) for part in one.split(" ")] == [4] * 8
    assert one == descriptor.read(town.descriptor("aa", name="another"))[0].fingerprint


def test_signed_by_another_key(town, refused):
    with refused("verify.descriptor"):
        descriptor.read(town.descriptor("aa", signer="bb"))


def test_another_kind_of_statement(town, refused):
    with refused("format.statement"):
        descriptor.read(town.note)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"handle": "AA"}, "format.handle"),
        ({"kind": "person"}, "format.statement"),
        ({"countries": ["MAR"]}, "format.statement"),
        ({"countries": ["ma"]}, "format.statement"),
        ({"countries": "MA"}, "format.statement"),
        ({"constituency": {"cidr": ["198.51.100.0/40"]}}, "format.statement"),
        ({"constituency": {"cidr": ["198.51.100.1/24"]}}, "format.statement"),
        ({"constituency": []}, "format.statement"),
        ({"endpoints": {}}, "format.statement"),
        ({"created": -1}, "format.statement"),
        ({"name": 1}, "format.statement"),
        ({"keys": {}}, "format.statement"),
    ],
)
def test_a_body_that_is_none(town, refused, other, code):
    with refused(code, FormatError):
        descriptor.member({**town.body("aa"), **other})


@pytest.mark.parametrize(
    ("role", "key", "code"),
    [
        ("log", "governance", "format.statement"),
        ("receipt", "log", "format.statement"),
        ("seal", bytes(1215), "format.statement"),
        ("log", bytes(32), "format.key"),
        ("log", bytes(31), "format.key"),
        ("transport", "!", "format.key"),
    ],
)
def test_keys_that_are_none(town, refused, role, key, code):
    body = town.body("aa")
    keys = dict(body["keys"])
    keys[role] = keys.get(key, key) if isinstance(key, str) else b64encode(key).decode()
    with refused(code, FormatError):
        descriptor.member({**body, "keys": keys})


def test_a_signature_counts_for_its_own_text_and_key_only(town):
    found, signed = descriptor.read(town.descriptor("aa"))
    other = statement.compose(statement.MEMBER, town.body("aa", name="x"))
    assert not descriptor.is_signed(other, found)
    moved = other._replace(note=other.note.__class__(other.note.text, signed.note.signatures))
    assert not descriptor.is_signed(moved, found)
    assert not descriptor.is_signed(signed, descriptor.read(town.descriptor("bb"))[0])
