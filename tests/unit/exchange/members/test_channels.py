"""Channels: the statement counts as it stands, and only from its creator, for its roster, under this charter."""

from base64 import b64encode

import pytest

from tocsin.errors import FormatError, TocsinError
from tocsin.exchange.members import channels, descriptor
from tocsin.formats import statement
from tocsin.formats.markings import ChannelKind
from tocsin.formats.seal import wrap

ID = "5b1f4b9e-0000-4000-8000-000000000001"
SECRET = bytes(range(32))


@pytest.fixture
def made(town):
    """made(signers=("aa",), wrapped=None, secret=SECRET, **body): a channel statement."""

    def make(*, signers=("aa",), wrapped=None, secret=SECRET, **other):
        body = {
            "id": ID,
            "kind": "thematic",
            "name": "ports",
            "title": "Ports",
            "roster": ["aa", "bb"],
            "named_people": False,
            "creator": "aa",
            "created": 7,
            "charter": town.charter.digest.hex(),
            **other,
        }
        each = {
            handle: b64encode(
                wrap(town.charter.members[handle].seal, SECRET, channels.wrap_info(body["id"], handle))
            ).decode()
            for handle in ("aa", "bb")
        }
        signed = channels.compose(body, secret, each if wrapped is None else wrapped)
        for handle in signers:
            signed = descriptor.sign(signed, handle, town.keys[handle])
        return signed

    return make


def read(town, signed, me="bb"):
    one = channels.stated(signed, {town.charter.digest: town.charter}.get, town.charter)
    return channels.generation(one, channels.open_secret(one, me, town.keys[me].sealing()), 4)


def test_read(town, made):
    one = read(town, made())
    assert (one.number, one.id, one.kind, one.name, one.title) == (4, ID, ChannelKind.THEMATIC, "ports", "Ports")
    assert (one.roster, one.creator, one.created, one.named_people) == (frozenset({"aa", "bb"}), "aa", 7, False)
    assert one.signers == {"aa"}
    assert not one.is_open
    assert one.slots == {handle: channels.slot_of(SECRET, handle) for handle in ("aa", "bb")}
    assert one.slots["aa"] != one.slots["bb"]


def test_it_opens_with_the_last_signature(town, made):
    assert read(town, made(signers=("aa", "bb"))).is_open
    assert read(town, made(kind="bilateral", signers=("bb", "aa"))).kind is ChannelKind.BILATERAL
    assert read(town, made(named_people=True)).named_people
    assert not read(town, made(named_people="yes")).named_people


@pytest.mark.parametrize(
    "other",
    [
        {"roster": ["bb", "aa"]},
        {"roster": ["aa", "bb", "bb"]},
        {"roster": ["bb", "cc"]},
        {"roster": ["aa"]},
        {"roster": ["aa", "bb", "zz"]},
        {"kind": "bilateral", "roster": ["aa", "bb", "cc"]},
        {"name": "plenary"},
        {"creator": "cc"},
        {"charter": "00" * 32},
        {"signers": ()},
        {"signers": ("bb",)},
        {"secret": bytes(32)},
    ],
)
def test_what_does_not_fit_is_refused(town, made, refused, other):
    with refused("verify.channel"):
        read(town, made(**other))


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"kind": "plenary"}, "format.statement"),
        ({"kind": "secret"}, "format.statement"),
        ({"name": "Ports"}, "format.handle"),
        ({"id": 1}, "format.statement"),
        ({"created": -1}, "format.statement"),
        ({"roster": "aa"}, "format.statement"),
        ({"wrapped": {}}, "format.statement"),
        ({"wrapped": {"bb": "!"}}, "format.statement"),
    ],
)
def test_a_body_that_is_none(town, made, refused, other, code):
    with refused(code, FormatError):
        read(town, made(**other))


def test_another_kind_of_statement(town, made, refused):
    body = made().body
    for kind in (statement.CHARTER, statement.MEMBER):
        signed = descriptor.sign(statement.compose(kind, body), "aa", town.keys["aa"])
        with refused("format.statement"):
            read(town, signed)


def test_a_secret_for_somebody_else_or_another_channel_does_not_open(town, made, refused):
    sealed = made().body["secret"]
    with refused("verify.wrap"):
        read(town, made(wrapped={"bb": sealed["aa"]}))
    with refused("verify.wrap"):
        read(town, made(id=ID[:-1] + "2", wrapped=sealed))


def test_a_secret_of_another_length_is_refused(town, made, refused):
    short = b64encode(wrap(town.charter.members["bb"].seal, bytes(16), channels.wrap_info(ID, "bb"))).decode()
    with refused("verify.channel"):
        read(town, made(wrapped={"bb": short}, secret=bytes(16)))


def test_the_plenary_follows_from_the_charter(town, new_town):
    (one,) = channels.plenaries([town.charter], "aa")
    assert (one.number, one.name, one.kind) == (1, "plenary", ChannelKind.PLENARY)
    assert one.roster == {"aa", "bb", "cc"}
    assert one.is_open
    assert one.is_current
    assert [one] == channels.plenaries([town.charter], "bb")
    assert channels.plenaries([town.charter], "zz") == []
    (other,) = channels.plenaries([new_town("aa", "bb").charter], "aa")
    assert other.id != one.id
    assert other.slots["aa"] != one.slots["aa"]


def test_slots_of_two_channels_cannot_be_linked(town, made):
    assert channels.slot_of(SECRET, "aa") != channels.slot_of(bytes(32), "aa")
    with pytest.raises(TocsinError):
        read(town, made(), me="cc")
