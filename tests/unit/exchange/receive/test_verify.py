"""The verifier's steps one by one; whole frames are in tests/vectors/wire/frame.json."""

import re
from dataclasses import replace

import pytest

from tocsin.exchange.receive import verify
from tocsin.exchange.receive.verify import Signed, View
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, note
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.entry import STIX_21, Entry, Handling, commitments
from tocsin.formats.frame import Frame, encode_batch, encode_box, encode_frame
from tocsin.formats.keys import SigningKey
from tocsin.formats.merkle import Frontier
from tocsin.formats.seal import EpochKey

KEY, SLOT, ROOT = SigningKey(bytes(32)), bytes([3]) * 32, bytes([4]) * 32
NAME = origin_line("aa", SLOT)
OLD, OLDER = SigningKey(bytes([6]) * 32), SigningKey(bytes([7]) * 32)
VIEW = View("aa", "aa", NAME, (KEY.public,), Frontier())


def frame(size=5, start=0, *, origin=NAME, key=KEY, name=NAME, root=ROOT):
    text = checkpoint.encode(Checkpoint(origin, size, root))
    signed = note.encode(note.Note(text, (note.sign(text, name, key),)))
    return Frame(SLOT, 1, start, signed, bytes(12), bytes(16))


def reads_well(what):
    """A clause for people: neither shouted nor empty."""
    return re.fullmatch("[a-z].*[a-z0-9]", what) is not None


def test_outer():
    assert verify.outer(encode_frame(frame())) == frame()


def test_signed():
    one = verify.signed(frame(), VIEW)
    assert (one.checkpoint.size, one.checkpoint.root) == (5, ROOT)
    assert one.text == checkpoint.encode(Checkpoint(NAME, 5, ROOT))


def test_anyone_of_the_audience_may_bring_it():
    view = replace(VIEW, sender="bb", audience=frozenset({"aa", "bb"}))
    assert verify.signed(frame(), view) == verify.signed(frame(), VIEW)


@pytest.mark.parametrize("former", [OLD, OLDER])
def test_a_former_key_counts_for_what_the_key_of_today_has_vouched_for(former):
    view = replace(VIEW, keys=(KEY.public, OLD.public, OLDER.public), settled=5)
    assert verify.signed(frame(key=former), view).checkpoint.size == 5
    assert verify.signed(frame(6), view).checkpoint.size == 6, "today's needs nobody to vouch for it"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bent", "view", "code"),
    [
        (frame(), replace(VIEW, sender="bb"), "receive.stranger"),
        (frame(), replace(VIEW, sender="bb", audience=frozenset({"aa", "cc"})), "receive.stranger"),
        (frame(key=OLD), replace(VIEW, sender="bb", audience=frozenset({"bb"})), "receive.signature"),
        (frame(key=OLD), replace(VIEW, keys=(KEY.public, OLD.public), settled=4), "receive.former-key"),
        (frame(key=OLD), replace(VIEW, keys=(KEY.public, OLDER.public), settled=9), "receive.signature"),
        (frame(key=SigningKey(bytes([1]) * 32)), VIEW, "receive.signature"),
        (frame(name="tocsin/bb/log"), VIEW, "receive.signature"),
        (frame(origin=origin_line("aa", bytes(32))), VIEW, "receive.slot"),
        (frame(origin=origin_line("bb", SLOT)), VIEW, "receive.slot"),
        (frame()._replace(checkpoint=b"junk"), VIEW, "format.note"),
        (frame()._replace(checkpoint=frame().checkpoint.replace(b"\n5\n", b"\n05\n")), VIEW, "format.checkpoint"),
    ],
)
def test_not_signed(bent, view, code, refused):
    with refused(code) as told:
        verify.signed(bent, view)
    assert reads_well(told.value.what)


@pytest.mark.parametrize(
    ("start", "end", "size", "code"),
    [
        (0, 5, 0, None),
        (3, 5, 3, None),
        (4, 5, 3, "receive.gap"),
        (2, 5, 3, "receive.overlap"),
        (0, 3, 3, "receive.old"),
        (0, 2, 3, "receive.old"),
        (9, 3, 3, "receive.old"),
    ],
)
def test_place(start, end, size, code, refused):
    one = Signed(frame(start=start), Checkpoint(NAME, end, ROOT), b"")
    if code is None:
        verify.place(one, size)
        return
    with refused(code) as told:
        verify.place(one, size)
    assert reads_well(told.value.what)
    assert f"we hold {size}" in told.value.what


def test_what_an_old_frame_means():
    one = verify.signed(frame(), VIEW)
    for root, code in ((ROOT, "receive.replay"), (bytes(32), "receive.fork")):
        error = verify.judge_old(one, root)
        assert error.code == code
        assert re.search(r"\b5\b", error.what), "it names the size"


@pytest.mark.parametrize(
    ("claimed", "root", "held", "here", "code"),
    [
        (5, ROOT, 5, ROOT, None),
        (6, ROOT, 5, bytes(32), None),
        (5, ROOT, 5, None, None),
        (4, ROOT, 5, ROOT, "receive.rollback"),
        (0, ROOT, 5, None, "receive.rollback"),
        (5, bytes(32), 5, ROOT, "receive.fork"),
    ],
)
def test_what_an_origins_own_word_means(claimed, root, held, here, code):
    error = verify.judge_head("aa", claimed, root, held, here)
    assert (error and error.code) == code
    assert error is None or reads_well(error.what)


def test_without_a_key(refused):
    one = verify.signed(frame(), VIEW)
    with refused("receive.no-key") as told:
        verify.opened(one, None, VIEW, SLOT)
    assert reads_well(told.value.what)


# -- what opens -------------------------------------------------------------------------------------------------------

SEALED_UNDER = EpochKey(bytes([5]) * 32)
ENTRIES = [Entry(i, Handling(STIX_21, 1, 7, 8), bytes([i]) * 32, b'{"n":%d}' % i) for i in range(7)]
LEAVES = commitments(SLOT, ENTRIES)


def sealed(start=3, *, size=7, root=None, entries=ENTRIES, box=None):
    """The entries from `start`, sealed and signed, right but for what is asked otherwise; and the view before them."""
    one = frame(size, start, root=root or Frontier().extended(LEAVES).root())
    box = encode_box(encode_batch(entries[start:], None), compress=False) if box is None else box
    sealed = SEALED_UNDER.seal(one.nonce, box, one.additional())
    view = replace(VIEW, frontier=Frontier().extended(LEAVES[:start]))
    return verify.signed(one._replace(sealed=sealed), view), view


@pytest.mark.parametrize("start", [0, 3])
def test_opened(start):
    one, view = sealed(start)
    done = verify.opened(one, SEALED_UNDER, view, SLOT)
    assert done.entries == ENTRIES[start:]
    assert done.commitments == LEAVES[start:]
    assert done.frontier == Frontier().extended(LEAVES)
    assert (done.text, done.note) == (one.text, one.frame.checkpoint)


@pytest.mark.parametrize(
    ("lies", "slot", "code"),
    [
        ({"size": 6}, SLOT, "receive.count"),
        ({"size": 8}, SLOT, "receive.count"),
        ({"root": ROOT}, SLOT, "receive.root"),
        ({"entries": [*ENTRIES[:6], ENTRIES[6]._replace(content=b"{}")]}, SLOT, "receive.root"),
        ({"entries": [*ENTRIES[:6], ENTRIES[6]._replace(salt=bytes(32))]}, SLOT, "receive.root"),
        ({"entries": [*ENTRIES[:6], ENTRIES[6]._replace(handling=Handling(STIX_21, 0, 7, 8))]}, SLOT, "receive.root"),
        ({}, bytes(32), "receive.root"),
        ({"box": b"\1" * 40}, SLOT, "format.frame"),
    ],
)
def test_not_opened(lies, slot, code, refused):
    one, view = sealed(**lies)
    with refused(code) as told:
        verify.opened(one, SEALED_UNDER, view, slot)
    assert reads_well(told.value.what)


def test_what_was_sealed_otherwise_does_not_open(refused):
    one, view = sealed()
    others = (
        one._replace(frame=one.frame._replace(nonce=bytes([1]) * 12)),
        one._replace(frame=one.frame._replace(epoch=2)),
        one._replace(frame=one.frame._replace(sealed=bytes(64))),
    )
    for other in others:
        with refused("receive.seal"):
            verify.opened(other, SEALED_UNDER, view, SLOT)
    with refused("receive.seal"):
        verify.opened(one, EpochKey(bytes(32)), view, SLOT)
