"""The charter: who is on it, what makes it binding, and that copies come together."""

import pytest

from tocsin.errors import FormatError
from tocsin.exchange.members import charter, descriptor
from tocsin.formats import statement
from tocsin.formats.tlp import Tlp


def test_found_and_read(town):
    one = town.charter
    assert (one.version, one.name, one.created, one.plenary_ceiling) == (1, "town", 1, Tlp.GREEN)
    assert list(one.members) == ["aa", "bb", "cc"]
    assert one.signers() == {"aa", "bb", "cc"}
    charter.require_complete(one)


def test_the_digest_is_of_the_text_and_not_of_the_signatures(town, new_town):
    assert charter.of(town.unsigned).digest == town.charter.digest
    assert new_town("aa", "bb").charter.digest != town.charter.digest


def test_without_one_founder_it_binds_nobody(town, refused):
    signed = town.unsigned
    for handle in ("aa", "cc"):
        signed = descriptor.sign(signed, handle, town.keys[handle])
    found = charter.of(signed)
    assert found.signers() == {"aa", "cc"}
    with refused("policy.charter-unsigned") as caught:
        charter.require_complete(found)
    assert "bb" in caught.value.what
    assert "aa" not in caught.value.what


def test_a_signature_by_the_wrong_key_is_none(town):
    forged = descriptor.sign(town.unsigned, "bb", town.keys["cc"])
    assert charter.of(forged).signers() == frozenset()


def test_copies_come_together_in_any_order(town, refused):
    copies = [descriptor.sign(town.unsigned, handle, town.keys[handle]) for handle in ("aa", "bb", "cc")]
    one = charter.merged(charter.merged(copies[0], copies[1]), copies[2])
    two = charter.merged(copies[2], charter.merged(copies[1], copies[0]))
    assert charter.of(one).signers() == charter.of(two).signers() == {"aa", "bb", "cc"}
    assert charter.merged(one, copies[1]) == one
    other = charter.found("other", [town.body("aa"), town.body("bb")], Tlp.GREEN, 1)
    with refused("format.statement"):
        charter.merged(one, other)


@pytest.mark.parametrize("ceiling", [Tlp.AMBER_STRICT, Tlp.RED])
def test_the_plenary_never_carries_more_than_amber(town, refused, ceiling):
    with refused("format.statement"):
        charter.found("x", [town.body("aa"), town.body("bb")], ceiling, 1)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"members": []}, "format.statement"),
        ({"members": "aa"}, "format.statement"),
        ({"members": [1, 2]}, "format.statement"),
        ({"members": None}, "format.statement"),
        ({"rules": {}}, "format.statement"),
        ({"rules": {"plenary_ceiling": "BLUE"}}, "format.tlp"),
        ({"version": 2}, "format.statement"),
        ({"version": "1"}, "format.statement"),
        ({"previous": "00"}, "format.statement"),
        ({"name": None}, "format.statement"),
        ({"created": None}, "format.statement"),
    ],
)
def test_a_body_that_is_none(town, refused, other, code):
    with refused(code, FormatError):
        charter.of(statement.compose(statement.CHARTER, {**town.unsigned.body, **other}))


def test_members_are_two_or_more_different_and_sorted(town, refused):
    aa, bb = town.body("aa"), town.body("bb")
    for listed in ([aa], [aa, aa], [bb, aa], [aa, aa, bb]):
        with refused("format.statement"):
            charter.of(statement.compose(statement.CHARTER, {**town.unsigned.body, "members": listed}))


def test_another_kind_of_statement(town, refused):
    with refused("format.statement"):
        charter.read(town.descriptor("aa"))
