"""L0 entries: vectors, both directions, and the commitment binds every field."""

import json
from pathlib import Path

import pytest

from tocsin.errors import FormatError
from tocsin.formats import merkle
from tocsin.formats.entry import Entry, Handling, commitments, decode_header, encode_header, salts

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "wire" / "entry.json").read_text("utf-8"))["cases"]
SLOT = bytes(32)
ENTRY = Entry(7, Handling(1, 1, 1_790_000_000_000_000, 0), bytes(range(32)), b"{}")


def of_kind(kind):
    return pytest.mark.parametrize(
        "case", [one for one in VECTORS if one["kind"] == kind], ids=lambda case: case["name"]
    )


@of_kind("commitment")
def test_commitment_vector(case):
    handling = Handling(case.get("content_type", 1), case["marking"], case["sent_at"], case["keep_until"])
    entry = Entry(case["seq"], handling, bytes.fromhex(case["salt"]), case["content"].encode())
    header = bytes.fromhex(case["header"])
    assert encode_header(entry.seq, handling) == header
    assert decode_header(header) == (entry.seq, handling)
    [commitment] = commitments(bytes.fromhex(case["slot"]), [entry])
    assert commitment.hex() == case["commitment"]
    assert merkle.leaf_hash(commitment).hex() == case["leaf"]


@of_kind("header")
def test_refused_header_vector(case):
    with pytest.raises(FormatError) as caught:
        decode_header(bytes.fromhex(case["header"]))
    assert caught.value.code == "format.entry"


@of_kind("salts")
def test_salts_vector(case):
    wanted = [bytes.fromhex(one) for one in case["salts"]]
    assert salts(bytes.fromhex(case["seed"]), case["start"], len(wanted)) == wanted


@pytest.mark.parametrize(
    "other",
    [
        ENTRY._replace(seq=8),
        ENTRY._replace(handling=ENTRY.handling._replace(marking=0)),
        ENTRY._replace(handling=ENTRY.handling._replace(sent_at=0)),
        ENTRY._replace(handling=ENTRY.handling._replace(keep_until=1)),
        ENTRY._replace(handling=ENTRY.handling._replace(content_type=2)),
        ENTRY._replace(salt=bytes(32)),
        ENTRY._replace(content=b"[]"),
    ],
)
def test_the_commitment_binds_every_field(other):
    assert commitments(SLOT, [other]) != commitments(SLOT, [ENTRY])


def test_one_object_has_unlinkable_commitments_in_two_channels():
    assert commitments(SLOT, [ENTRY]) != commitments(bytes([1]) * 32, [ENTRY])


def test_the_salts_of_a_batch_differ_from_each_other_and_from_those_of_any_other():
    made = [*salts(bytes(32), 0, 100), *salts(bytes(32), 1, 100), *salts(bytes([1]) * 32, 0, 100)]
    assert len(set(made)) == 300
    assert {len(one) for one in made} == {32}
    assert salts(bytes(32), 0, 100)[:10] == salts(bytes(32), 0, 10)
