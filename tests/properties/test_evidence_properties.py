"""Evidence: any bytes; honest members are never convicted, whatever is made of their notes; liars of each kind are."""

import importlib.util
import random
import sys
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.errors import FormatError, VerificationError
from tocsin.formats import checkpoint, evidence, heartbeat, merkle, note, statement
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.keys import SigningKey

FUZZ = Path(__file__).parents[2] / "fuzz"
EXAMPLES = settings(max_examples=40)
FEW = settings(max_examples=15)  # each judges many pairs
KEY = SigningKey(bytes(range(32)))
NAMES = [f"tocsin/aa/log/{slot * 32}" for slot in ("ab", "cd")]
leaf_lists = st.lists(st.binary(max_size=3), max_size=24)
hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=6)


def signed(name, text):
    return note.Note(text, (note.sign(text, name, KEY),))


def head(name, leaves, size, beat=None):
    plain = Checkpoint(name, size, merkle.root_of(leaves[:size]))
    return signed(name, checkpoint.encode(plain if beat is None else heartbeat.beating(plain, beat)))


def is_made(make, *args):
    try:
        evidence.verify(make(*args))
    except VerificationError as error:
        assert error.code == "evidence.unproven"
        return False
    return True


def is_convicted(kind, notes, proof, name=NAMES[0], key=KEY):
    """Whether an accuser who may write what it likes around two notes gets through."""
    made = evidence.Evidence(kind, "aa", key.public, name, tuple(map(note.encode, notes)), tuple(proof))
    try:
        evidence.verify(evidence.parse(evidence.encode(made)), key.public)
    except VerificationError:
        return False
    return True


@st.composite
def honest_days(draw):
    """Two heads that an honest origin signs: a tree that grows, each plain or with a beat that grows."""
    leaves = draw(leaf_lists)
    sizes = sorted(draw(st.lists(st.integers(0, len(leaves)), min_size=2, max_size=2)))
    beats = sorted(draw(st.lists(st.integers(0, 50), min_size=len(sizes), max_size=len(sizes), unique=True)))
    told = [beat if draw(st.booleans()) else None for beat in beats]
    return leaves, [(size, head(NAMES[0], leaves, size, beat)) for size, beat in zip(sizes, told, strict=True)]


@pytest.mark.slow
@given(honest_days(), hashes)
@FEW
def test_honest_histories_never_make_evidence(days, junk):
    leaves, notes = days
    for (size, one), (other_size, other) in permutations(notes, 2):
        for make in (evidence.fork_of, evidence.rollback_of):
            assert not is_made(make, NAMES[0], KEY.public, one, other)
        low, high = sorted((size, other_size))
        true = merkle.consistency_path(leaves[:high], low) if low < high else ()
        proof = merkle.consistency_proof(leaves[:high], low)
        for path in ((), true, proof, true[:-1], (*true, *junk), (*junk, *proof), tuple(junk)):
            assert not is_made(evidence.history_of, NAMES[0], KEY.public, one, other, path)
            assert not any(is_convicted(kind, (one, other), path) for kind in evidence.Kind)


@given(leaf_lists, leaf_lists, st.integers(0, 24), st.integers(0, 24))
@EXAMPLES
def test_two_logs_of_one_member_never_make_evidence(leaves, others, size, other_size):
    one = head(NAMES[0], leaves, min(size, len(leaves)), 1)
    other = head(NAMES[1], others, min(other_size, len(others)), 2)
    for name in NAMES:
        for pair in ((one, other), (other, one)):
            assert not any(is_convicted(kind, pair, (), name) for kind in evidence.Kind)


@pytest.mark.slow
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=5, unique=True))
@FEW
def test_votes_in_different_rounds_never_make_evidence(places):
    name = "tocsin/aa/governance"
    votes = [
        signed(name, statement.compose(statement.CHANNEL, {"id": "x", "version": v, "round": r, "a": v + r}).note.text)
        for v, r in places
    ]
    for pair in permutations(votes, 2):
        assert not is_made(evidence.vote_of, "aa", KEY.public, *pair)
        assert not any(is_convicted(kind, pair, (), name) for kind in evidence.Kind)


@given(leaf_lists, st.data())
@EXAMPLES
def test_every_second_history_is_convicted(leaves, data):
    leaves = [*leaves, b"last"]
    at = data.draw(st.integers(0, len(leaves) - 1))
    lie = [*leaves[:at], leaves[at] + b"!", *leaves[at + 1 :]]
    smaller = data.draw(st.integers(at + 1, len(leaves)))
    if smaller == len(leaves):
        made = evidence.fork_of(NAMES[0], KEY.public, head(NAMES[0], lie, smaller), head(NAMES[0], leaves, smaller, 3))
    else:
        path = merkle.consistency_path(leaves, smaller)
        notes = head(NAMES[0], lie, smaller), head(NAMES[0], leaves, len(leaves))
        made = evidence.history_of(NAMES[0], KEY.public, *notes, path)
    assert evidence.verify(evidence.parse(evidence.encode(made)), KEY.public)


@given(st.binary(max_size=300))
@EXAMPLES
def test_any_bytes_are_evidence_or_a_format_error(data):
    try:
        assert evidence.encode(evidence.parse(data)) == data
    except FormatError as error:
        assert error.code.startswith("format.")


@pytest.mark.slow
def test_the_fuzz_target_runs(monkeypatch):
    monkeypatch.syspath_prepend(str(FUZZ))
    spec = importlib.util.spec_from_file_location("fuzz_evidence", FUZZ / "fuzz_evidence.py")
    target = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(target)
    mutated = sys.modules["mutation"].mutated
    monkeypatch.delitem(sys.modules, "mutation")
    chance = random.Random(1)
    for sample in target.SAMPLES:
        target.one_input(sample)
    for _ in range(300):
        target.one_input(mutated(target.SAMPLES, chance))
