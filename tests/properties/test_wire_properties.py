"""What travels: decode then encode is the identity, any bytes give a value or FormatError, nothing bent is taken."""

import importlib.util
import random
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import FormatError
from tocsin.formats import frame, message, note, statement
from tocsin.formats.entry import Entry, Handling, commitments, decode_header, encode_header, erased, salts
from tocsin.formats.frame import Frame
from tocsin.formats.keys import SigningKey
from tocsin.formats.message import Hello, Notice, Position, Proof, Receipt, Refusal, State

FUZZ = Path(__file__).parents[2] / "fuzz"
NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 2**63 - 1))
HASHES = st.binary(min_size=32, max_size=32)
HANDLINGS = st.builds(Handling, st.integers(1, 2), st.integers(0, 4), NUMBERS, NUMBERS)
CONTENTS = st.binary(max_size=40)
few = settings(max_examples=40)


@st.composite
def batches(draw):
    """(entries, seed or None), as a log would have them."""
    kinds = draw(st.lists(HANDLINGS, min_size=1, max_size=3))
    count = draw(st.integers(1, 6))
    start = draw(st.integers(0, 2**40))
    seed = draw(st.one_of(st.none(), HASHES))
    each = salts(seed, start, count) if seed else draw(st.lists(HASHES, min_size=count, max_size=count))
    made = [Entry(start + i, draw(st.sampled_from(kinds)), salt, draw(CONTENTS)) for i, salt in enumerate(each)]
    gone = draw(st.sets(st.integers(0, count - 1))) if seed is None else ()
    return [erased(one.seq, draw(HASHES)) if i in gone else one for i, one in enumerate(made)], seed


@few
@given(NUMBERS, HANDLINGS)
def test_header_round_trip(seq, handling):
    assert decode_header(encode_header(seq, handling)) == (seq, handling)


@few
@given(st.binary(min_size=26, max_size=28))
def test_any_header_bytes(data):
    try:
        decoded = decode_header(data)
    except FormatError:
        return
    assert encode_header(*decoded) == data


@few
@given(batches(), st.booleans())
def test_batch_and_box_round_trip(batch, compress):
    entries, seed = batch
    data = frame.encode_batch(entries, seed)
    assert frame.decode_batch(data, entries[0].seq) == entries
    box = frame.encode_box(data, compress=compress)
    assert frame.decode_box(box) == data
    assert len(box) <= 1.12 * (len(data) + 9)


@few
@given(batches(), st.integers(0), st.integers(0, 7))
def test_a_bent_batch_never_commits_to_the_same(batch, where, bit):
    entries, seed = batch
    data = bytearray(frame.encode_batch(entries, seed))
    data[where % len(data)] ^= 1 << bit
    try:
        other = frame.decode_batch(bytes(data), entries[0].seq)
    except FormatError:
        return
    assert commitments(bytes(32), other) != commitments(bytes(32), entries)


@few
@given(batches(), HASHES)
def test_commitments_are_distinct(batch, slot):
    entries, _ = batch
    made = commitments(slot, entries)
    # What was erased has no salt, and instead of its content the commitment itself.
    told = {(one.seq, one.handling, one.salt, one.content) if one.salt else one.content for one in entries}
    assert len({*made}) == len(told)


@few
@given(HASHES, NUMBERS, NUMBERS, st.binary(min_size=1, max_size=60), st.binary(min_size=28, max_size=60))
def test_outer_round_trip(slot, epoch, start, checkpoint, rest):
    one = Frame(slot, epoch, start, checkpoint, rest[:12], rest[12:])
    data = frame.encode_frame(one)
    assert frame.decode_frame(data) == one
    assert data.startswith(one.additional())


POSITIONS = st.lists(st.builds(Position, HASHES, NUMBERS, HASHES, st.binary(max_size=40)), max_size=3).map(tuple)
CODES = st.from_regex(r"[a-z]{1,8}\.[a-z-]{1,20}", fullmatch=True)
CONTROLS = st.one_of(
    st.builds(Hello, NUMBERS, NUMBERS, st.text(max_size=40), HASHES, HASHES, NUMBERS, st.text(max_size=64)),
    st.builds(Proof, st.binary(max_size=80)),
    st.builds(State, POSITIONS, POSITIONS),
    st.builds(Notice, st.binary(max_size=80)),
    st.builds(Receipt, HASHES, NUMBERS, st.binary(min_size=4, max_size=4), st.binary(min_size=72, max_size=72)),
    st.builds(Refusal, HASHES, CODES, NUMBERS),
)


@few
@given(CONTROLS)
def test_message_round_trip(control):
    assert message.decode(message.encode(control)) == control


@few
@given(CONTROLS, st.binary(max_size=3), st.integers(0))
def test_a_message_has_one_encoding(control, junk, where):
    data = message.encode(control)
    at = 1 + where % len(data)
    bent = data[:at] + junk + data[at + len(junk) :]
    try:
        other = message.decode(bent)
    except FormatError:
        return
    assert other == control if bent == data else message.encode(other) == bent


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abé", max_size=4), inner, max_size=3),
    max_leaves=6,
)


@few
@given(st.sampled_from(sorted(statement.KINDS)), st.dictionaries(st.text("abcé", max_size=5), VALUES, max_size=4))
def test_statement_round_trip(kind, body):
    made = statement.compose(kind, body)
    signed = made._replace(note=note.add(made.note, note.sign(made.note.text, "tocsin/aa/log", SigningKey(bytes(32)))))
    assert statement.parse(statement.encode(signed)) == signed


@few
@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_format_error(data):
    for decode in (
        frame.decode_frame,
        frame.decode_box,
        message.decode,
        statement.parse,
        lambda one: frame.decode_batch(one, 0),
    ):
        for one in (data, b"M" + data, b"F" + data, b"TF\1\0" + data):
            try:
                decode(one)
            except FormatError as error:
                assert error.code.startswith("format.")


@few
@given(
    st.recursive(
        st.none() | st.integers() | st.binary(max_size=4) | st.sampled_from(["state", "receipt"]),
        st.lists,
        max_leaves=8,
    )
)
def test_any_messagepack_gives_a_value_or_format_error(value):
    try:
        data = b"M" + msgspec.msgpack.encode(value)
    except OverflowError:
        return
    try:
        assert message.encode(message.decode(data)) == data
    except FormatError as error:
        assert error.code == "format.message"


@pytest.mark.parametrize("name", ["fuzz_frame", "fuzz_message", "fuzz_statement"])
def test_fuzz_targets_run(name, monkeypatch):
    monkeypatch.syspath_prepend(str(FUZZ))
    spec = importlib.util.spec_from_file_location(name, FUZZ / f"{name}.py")
    target = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, target)
    spec.loader.exec_module(target)
    mutated = sys.modules["mutation"].mutated
    monkeypatch.delitem(sys.modules, "mutation")
    chance = random.Random(1)
    for sample in target.SAMPLES:
        target.one_input(sample)
    for _ in range(300):
        target.one_input(mutated(target.SAMPLES, chance))
