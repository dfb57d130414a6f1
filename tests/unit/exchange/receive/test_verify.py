"""The verifier's steps one by one; whole frames are in tests/vectors/wire/frame.json."""

import pytest

from tocsin.exchange.receive import verify
from tocsin.exchange.receive.verify import Signed, View
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, note
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.frame import Frame
from tocsin.formats.keys import SigningKey
from tocsin.formats.merkle import Frontier

KEY, SLOT, ROOT = SigningKey(bytes(32)), bytes([3]) * 32, bytes([4]) * 32
NAME = origin_line("aa", SLOT)
VIEW = View("aa", "aa", NAME, KEY.public, Frontier())


def frame(size=5, start=0, *, origin=NAME, key=KEY, name=NAME, root=ROOT):
    text = checkpoint.encode(Checkpoint(origin, size, root))
    signed = note.encode(note.Note(text, (note.sign(text, name, key),)))
    return Frame(SLOT, 1, start, signed, bytes(12), bytes(16))


def test_signed():
    one = verify.signed(frame(), VIEW)
    assert (one.checkpoint.size, one.checkpoint.root) == (5, ROOT)
    assert one.text == checkpoint.encode(Checkpoint(NAME, 5, ROOT))


@pytest.mark.parametrize(
    ("bent", "view", "code"),
    [
        (frame(), View("bb", "aa", NAME, KEY.public, Frontier()), "receive.stranger"),
        (frame(key=SigningKey(bytes([1]) * 32)), VIEW, "receive.signature"),
        (frame(name="tocsin/bb/log"), VIEW, "receive.signature"),
        (frame(origin=origin_line("aa", bytes(32))), VIEW, "receive.slot"),
        (frame(origin=origin_line("bb", SLOT)), VIEW, "receive.slot"),
        (frame()._replace(checkpoint=b"junk"), VIEW, "format.note"),
        (frame()._replace(checkpoint=frame().checkpoint.replace(b"\n5\n", b"\n05\n")), VIEW, "format.checkpoint"),
    ],
)
def test_not_signed(bent, view, code, refused):
    with refused(code):
        verify.signed(bent, view)


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
    with refused(code):
        verify.place(one, size)


def test_what_an_old_frame_means():
    one = verify.signed(frame(), VIEW)
    assert verify.judge_old(one, ROOT).code == "receive.replay"
    assert verify.judge_old(one, bytes(32)).code == "receive.fork"


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


def test_without_a_key(refused):
    one = verify.signed(frame(), VIEW)
    with refused("receive.no-key"):
        verify.opened(one, None, VIEW, SLOT)
