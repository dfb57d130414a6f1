"""Notes, checkpoints, cosignatures and trees: any bytes, any values, and the definition itself as the oracle."""

import base64
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import FormatError
from tocsin.formats import checkpoint, cosignature, note
from tocsin.formats.keys import SigningKey, decode_base64, decode_signing, encode_signing
from tocsin.formats.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    root_of,
    verify_consistency,
    verify_inclusion,
)

EXAMPLES = settings(max_examples=40)
KEY = SigningKey(bytes(range(32)))
NAME = "tocsin/ma-cert/log"

letters = st.characters(codec="utf-8", exclude_characters=[chr(point) for point in range(32)])
lines = st.text(letters, max_size=12)
texts = st.lists(lines, min_size=1, max_size=5).map(lambda each: "".join(f"{line}\n" for line in each).encode())
names = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "Cc"], exclude_characters="+"), min_size=1)
signatures = st.builds(note.Signature, names, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
notes = st.builds(note.Note, texts, st.lists(signatures, min_size=1, max_size=4).map(tuple))
checkpoints = st.builds(
    checkpoint.Checkpoint,
    st.text(letters, min_size=1, max_size=20),
    st.integers(0, (1 << 63) - 1),
    st.binary(min_size=32, max_size=32),
    st.lists(st.text(letters, min_size=1, max_size=9), max_size=3).map(tuple),
)
timestamped = st.builds(cosignature.Timestamped, st.integers(0, (1 << 63) - 1), st.binary(min_size=64, max_size=64))
hash32 = st.binary(min_size=32, max_size=32)
leaf_lists = st.lists(st.binary(max_size=5), max_size=40)

# Parsers that must give a value whose encoding is the input again, or FormatError of exactly this code.
PARSERS = (
    (note.parse, note.encode, "format.note"),
    (checkpoint.parse, checkpoint.encode, "format.checkpoint"),
    (cosignature.parse, cosignature.encode, "format.cosignature"),
    (Frontier.decode, Frontier.encode, "format.frontier"),
    (lambda data: decode_signing(data.decode("latin-1")), lambda key: encode_signing(key).encode(), "format.key"),
    (lambda data: decode_base64(data.decode("latin-1"), "format.key"), base64.b64encode, "format.key"),
)
VALID = st.one_of(
    notes.map(note.encode),
    checkpoints.map(checkpoint.encode),
    timestamped.map(cosignature.encode),
    leaf_lists.map(lambda leaves: Frontier().extended(leaves).encode()),
    hash32.map(lambda seed: encode_signing(SigningKey(seed)).encode()),
)


@st.composite
def damaged(draw):
    """Valid bytes with one stretch replaced, dropped or doubled."""
    data = draw(VALID)
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 8)))
    middle = draw(
        st.one_of(st.binary(max_size=4), st.just(data[start:end] * 2), st.sampled_from([b"\n", b" ", b"=", b"0"]))
    )
    return data[:start] + middle + data[end:]


def value_or_refusal(data):
    for parse, encode, code in PARSERS:
        try:
            value = parse(data)
        except FormatError as error:
            assert error.code == code
        else:
            assert encode(value) == data


@given(st.one_of(st.binary(max_size=200), VALID, damaged()))
@settings(max_examples=120)
def test_any_bytes_are_a_value_or_a_format_error(data):
    value_or_refusal(data)


@given(notes)
@EXAMPLES
def test_notes_there_and_back(value):
    assert note.parse(note.encode(value)) == value


@given(checkpoints)
@EXAMPLES
def test_checkpoints_there_and_back(value):
    assert checkpoint.parse(checkpoint.encode(value)) == value


@given(timestamped)
@EXAMPLES
def test_cosignatures_there_and_back(value):
    assert cosignature.parse(cosignature.encode(value)) == value


@pytest.mark.slow
@given(notes, texts, st.permutations(range(5)), st.integers(0, 4))
@EXAMPLES
def test_foreign_signatures_change_nothing(foreign, other_text, order, place):
    mine = note.sign(foreign.text, NAME, KEY)
    mixed = [*foreign.signatures]
    mixed.insert(place, mine)
    shuffled = [mixed[at] for at in order if at < len(mixed)]
    whole = note.parse(note.encode(note.Note(foreign.text, tuple(shuffled))))
    assert note.verified(whole, NAME, KEY.public)
    assert note.verified(note.Note(other_text, (mine,)), NAME, KEY.public) is (other_text == foreign.text)


@given(checkpoints, st.integers(0, (1 << 63) - 1), checkpoints)
@EXAMPLES
def test_a_cosignature_is_for_one_checkpoint(mine, time_s, other):
    text, other_text = checkpoint.encode(mine), checkpoint.encode(other)
    signature = cosignature.cosign(text, NAME, KEY, time_s)
    assert cosignature.verify(text, signature, NAME, KEY.public) == time_s
    assert (cosignature.verify(other_text, signature, NAME, KEY.public) == time_s) is (text == other_text)


# The definitions of RFC 6962, section 2.1, word for word and as slow as they are.


def split(size):
    return max(1 << bit for bit in range(12) if 1 << bit < size)


def mth(leaves):
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(index, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), mth(leaves[k:])]
    return [*path(index - k, leaves[k:]), mth(leaves[:k])]


def subproof(old, leaves, complete):
    if old == len(leaves):
        return [] if complete else [mth(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*subproof(old, leaves[:k], complete), mth(leaves[k:])]
    return [*subproof(old - k, leaves[k:], complete=False), mth(leaves[:k])]


@given(st.lists(leaf_lists, max_size=5))
@EXAMPLES
def test_a_frontier_grown_in_any_batches_has_the_root_of_all(batches):
    frontier, leaves = Frontier(), []
    for batch in batches:
        frontier = Frontier.decode(frontier.extended(batch).encode())
        leaves += batch
        assert (frontier.size, frontier.root()) == (len(leaves), mth(leaves))
    assert frontier == Frontier().extended(leaves)


@given(leaf_lists.filter(bool), st.data())
@EXAMPLES
def test_inclusion_proofs_are_the_definition(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    proof = inclusion_proof(leaves, index)
    assert list(proof) == path(index, leaves)
    assert verify_inclusion(leaves[index], index, len(leaves), proof, mth(leaves))


@given(leaf_lists.filter(bool), st.data())
@EXAMPLES
def test_consistency_proofs_are_the_definition(leaves, data):
    old = data.draw(st.integers(1, len(leaves)))
    proof = consistency_proof(leaves, old)
    assert list(proof) == subproof(old, leaves, complete=True)
    assert verify_consistency(old, len(leaves), proof, mth(leaves[:old]), mth(leaves))


@given(st.binary(max_size=5), st.integers(-1, 70), st.integers(-1, 70), st.lists(hash32, max_size=8), hash32, hash32)
@EXAMPLES
def test_made_up_proofs_prove_nothing(leaf, first, second, proof, old_root, root):
    assert not verify_inclusion(leaf, first, second, proof, root)
    if not (first == second and old_root == root and not proof):
        assert not verify_consistency(first, second, proof, old_root, root)


@given(leaf_lists.filter(lambda leaves: len(leaves) > 1), st.data())
@EXAMPLES
def test_a_changed_past_has_no_consistency_proof(leaves, data):
    old = data.draw(st.integers(1, len(leaves) - 1))
    at = data.draw(st.integers(0, old - 1))
    changed = [*leaves[:at], leaves[at] + b"!", *leaves[at + 1 :]]
    for proof in (consistency_proof(leaves, old), consistency_proof(changed, old)):
        assert not verify_consistency(old, len(leaves), proof, root_of(leaves[:old]), root_of(changed))
