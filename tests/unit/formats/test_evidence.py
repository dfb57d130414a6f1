"""Evidence: vectors, what the constructors make of true contradictions and refuse of honest notes, whose key it is."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tocsin.errors import FormatError, VerificationError
from tocsin.formats import checkpoint, evidence, heartbeat, merkle, note, statement
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.keys import Role, SigningKey

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "log" / "evidence.json").read_text("utf-8"))["cases"]
KEY, OTHER = SigningKey(bytes([1]) * 32), SigningKey(bytes([2]) * 32)
LOG = f"tocsin/aa/log/{'ab' * 32}"
TRUE, FALSE = [b"%d" % number for number in range(20)], [b"x%d" % number for number in range(20)]


def signed(text, name=LOG, key=KEY):
    return note.Note(text, (note.sign(text, name, key),))


def head(size, leaves=TRUE, beat=None):
    plain = Checkpoint(LOG, size, merkle.root_of(leaves[:size]))
    return signed(checkpoint.encode(plain if beat is None else heartbeat.beating(plain, beat)))


def voted(body, kind=statement.CHANNEL, key=KEY):
    return signed(statement.compose(kind, body).note.text, "tocsin/aa/governance", key)


def history(smaller, larger):
    size, of = (checkpoint.parse(one.text).size for one in (smaller, larger))
    return evidence.history_of(LOG, KEY.public, smaller, larger, merkle.consistency_path(TRUE[:of], size))


def unproven(call, *args):
    with pytest.raises(VerificationError) as caught:
        call(*args)
    return caught.value.code == "evidence.unproven"


def outcome(data):
    try:
        found = evidence.parse(data)
    except FormatError:
        return "format"
    assert evidence.encode(found) == data
    assert found.id == sha256(data).digest()
    try:
        assert evidence.verify(found).startswith(f"{found.accused} signed ")
    except VerificationError as error:
        assert error.code == "evidence.unproven"
        return "proof"
    return "ok"


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["name"])
def test_vector(case):
    assert outcome(case["evidence"].encode()) == case["expect"]


def one_of_each():
    body = {"id": "x", "roster": ["aa", "bb"]}
    return {
        "fork": evidence.fork_of(LOG, KEY.public, head(4), head(4, FALSE)),
        "history": history(head(5, FALSE), head(9)),
        "rollback": evidence.rollback_of(LOG, KEY.public, head(5, beat=1), head(4, beat=2)),
        "vote": evidence.vote_of("aa", KEY.public, voted(body), voted({**body, "roster": ["aa", "cc"]})),
    }


@pytest.mark.parametrize("kind", evidence.Kind)
def test_each_kind_proves_something_about_its_key_only(kind):
    made = one_of_each()[kind]
    assert evidence.parse(evidence.encode(made)) == made
    assert (made.kind, made.accused) == (kind, "aa")
    assert made.role == (Role.GOVERNANCE if kind == "vote" else Role.LOG)
    assert evidence.verify(made, KEY.public) == evidence.verify(made)
    assert unproven(evidence.verify, made, OTHER.public)


@pytest.mark.parametrize("kind", ["fork", "rollback", "vote"])
def test_who_finds_it_first_does_not_matter(kind):
    make = {"fork": evidence.fork_of, "rollback": evidence.rollback_of, "vote": evidence.vote_of}[kind]
    one, other = (note.parse(each) for each in one_of_each()[kind].notes)
    name = "aa" if kind == "vote" else LOG
    cosigned = note.add(one, note.Signature("tocsin/bb/receipt", b"0000", bytes(72)))
    made = {make(name, KEY.public, *pair).id for pair in ((one, other), (other, one), (cosigned, other))}
    assert len(made) == 1


def test_a_broken_signature_of_the_key_hides_no_true_one():
    one, other = head(4), head(4, FALSE)
    spoilt = note.Note(one.text, (note.Signature(LOG, one.signatures[0].key_id, bytes(64)), *one.signatures))
    assert not note.verified(spoilt, LOG, KEY.public)
    assert evidence.fork_of(LOG, KEY.public, spoilt, other) == evidence.fork_of(LOG, KEY.public, one, other)


def test_nothing_honest_makes_evidence():
    assert unproven(evidence.fork_of, LOG, KEY.public, head(4), head(4))
    assert unproven(evidence.fork_of, LOG, KEY.public, head(4), head(5))
    assert unproven(evidence.fork_of, LOG, KEY.public, head(4, beat=1), head(4))
    assert unproven(history, head(4), head(9))
    assert unproven(evidence.rollback_of, LOG, KEY.public, head(4, beat=1), head(5, beat=2))
    assert unproven(evidence.rollback_of, LOG, KEY.public, head(4), head(5))
    assert unproven(evidence.vote_of, "aa", KEY.public, voted({"id": "x"}), voted({"id": "y"}))


def test_notes_of_others_make_no_evidence():
    assert unproven(evidence.fork_of, LOG, OTHER.public, head(4), head(4, FALSE))
    assert unproven(evidence.fork_of, LOG.replace("aa", "bb"), KEY.public, head(4), head(4, FALSE))
    assert unproven(evidence.fork_of, "", KEY.public, head(4), head(4, FALSE))
    assert unproven(evidence.vote_of, "bb", KEY.public, voted({"id": "x"}), voted({"id": "x", "a": 1}))


def test_a_note_that_is_no_checkpoint_makes_no_evidence():
    assert unproven(evidence.rollback_of, LOG, KEY.public, signed(b"x\n"), head(4, beat=1))
    assert unproven(evidence.fork_of, LOG, KEY.public, signed(b"x\n"), head(4))


def test_it_never_says_what_a_text_holds():
    told = evidence.verify(
        evidence.vote_of("aa", KEY.public, voted({"id": "x", "title": "secret"}), voted({"id": "x"}))
    )
    assert "secret" not in told


def test_evidence_beyond_the_limit_is_not_made(monkeypatch):
    monkeypatch.setattr(evidence, "MAX_BYTES", 100)
    with pytest.raises(FormatError) as caught:
        one_of_each()
    assert caught.value.code == "format.evidence"
