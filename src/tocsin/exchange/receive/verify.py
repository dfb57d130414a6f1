"""What must hold before anything a peer sends is stored. Pure: no I/O, no clock; the steps are numbered.

1  the frame is well-formed and within the limits            format.frame, format.note, format.checkpoint
2  its slot names a log that the member at the other end may
   bring us: its own, or another's of whose audience it is   receive.stranger
3  the checkpoint is signed by the origin's log key          receive.signature, receive.former-key
4  the checkpoint is that of this slot                       receive.slot
5  it begins where we stand                                  receive.gap, receive.overlap, receive.old
6  it opens under the epoch's key                            receive.no-key, receive.seal, format.frame
7  salts and contents give the root that was signed          receive.count, receive.root
8  each marking is at least the object's own and fits the channel, each object is valid: an entry that fails is kept
in the log (its commitment counts) but held back from everyone (accept.py)
"""

from dataclasses import dataclass
from typing import NamedTuple

from tocsin.errors import VerificationError
from tocsin.formats import checkpoint, note
from tocsin.formats.checkpoint import Checkpoint
from tocsin.formats.entry import Entry, commitments
from tocsin.formats.frame import Frame, decode_batch, decode_box, decode_frame
from tocsin.formats.keys import VerifyKey
from tocsin.formats.merkle import Frontier
from tocsin.formats.seal import EpochKey


@dataclass(frozen=True, slots=True)
class View:
    """The log as we hold it, and whose it is. `sender` is the member the transport proved, `origin` the log's.

    A log key that was replaced counts for what the key of today has vouched for since: up to `settled` entries.
    """

    sender: str
    origin: str
    name: str  # origin line of its checkpoints
    keys: tuple[VerifyKey, ...]  # the origin's log keys, the one of today first
    frontier: Frontier
    audience: frozenset[str] = frozenset()  # who may bring it beside its origin
    settled: int = 0


class Signed(NamedTuple):
    """Steps 1 to 4 passed: the frame and what its origin signed."""

    frame: Frame
    checkpoint: Checkpoint
    text: bytes


class Verified(NamedTuple):
    """Steps 1 to 7 passed."""

    entries: list[Entry]
    commitments: list[bytes]
    frontier: Frontier
    text: bytes  # of the checkpoint, to be cosigned
    note: bytes  # the signed checkpoint, byte for byte


def outer(data: bytes) -> Frame:
    """Step 1, as far as it needs nothing else."""
    return decode_frame(data)


def signed(frame: Frame, view: View) -> Signed:
    """Steps 1 to 4."""
    if view.sender != view.origin and view.sender not in view.audience:
        raise VerificationError("receive.stranger", f"{view.sender} sent a frame of a log of {view.origin}")
    parsed = note.parse(frame.checkpoint)
    claimed = checkpoint.parse(parsed.text)
    _require_signature(parsed, claimed, view)
    if claimed.origin != view.name:
        raise VerificationError("receive.slot", "the checkpoint is of another log than the frame says")
    return Signed(frame, claimed, parsed.text)


def _require_signature(parsed: note.Note, claimed: Checkpoint, view: View) -> None:
    """The origin signed it with the key of today, or with an earlier one what today's has vouched for."""
    now, *former = view.keys
    if note.verified(parsed, view.name, now):
        return
    if not any(note.verified(parsed, view.name, key) for key in former):
        raise VerificationError("receive.signature", f"the checkpoint is not signed by the log key of {view.origin}")
    if claimed.size > view.settled:
        what = f"the checkpoint is signed by a log key that {view.origin} has replaced, and by no later one yet"
        raise VerificationError("receive.former-key", what)


def place(one: Signed, size: int) -> None:
    """Step 5. receive.old is for the caller to judge: a replay or a fork."""
    start, end = one.frame.start, one.checkpoint.size
    if end <= size:
        raise VerificationError("receive.old", f"the frame ends at {end}, we hold {size}")
    if start > size:
        raise VerificationError("receive.gap", f"the frame begins at {start}, we hold {size}")
    if start < size:
        raise VerificationError("receive.overlap", f"the frame begins at {start}, we hold {size}")


def judge_old(one: Signed, root_here: bytes) -> VerificationError:
    """What a signed checkpoint at or below our size means, given the root our own tree has there."""
    end = one.checkpoint.size
    if root_here != one.checkpoint.root:
        return VerificationError("receive.fork", f"the origin signed two different roots at size {end}")
    return VerificationError("receive.replay", f"the frame that ends at {end} was stored before")


def judge_head(origin: str, claimed: int, root: bytes, held: int, root_here: bytes | None) -> VerificationError | None:
    """What an origin's own word on its log means: less than it signed before is a rollback, another root a fork."""
    if claimed < held:
        return VerificationError("receive.rollback", f"{origin} says its log has {claimed} entries, it signed {held}")
    # An empty log has one root and no signature: another is a mistake on the way, and no second history.
    if held and root_here is not None and claimed == held and root != root_here:
        return VerificationError("receive.fork", f"{origin} names another root at size {held} than it signed")
    return None


def opened(one: Signed, key: EpochKey | None, view: View, slot: bytes) -> Verified:
    """Steps 6 and 7."""
    frame = one.frame
    if key is None:
        raise VerificationError("receive.no-key", f"no key for epoch {frame.epoch} of the log")
    box = key.open(frame.nonce, frame.sealed, frame.additional())
    entries = decode_batch(decode_box(box), frame.start)
    if frame.start + len(entries) != one.checkpoint.size:
        raise VerificationError("receive.count", "the frame holds another number of entries than was signed")
    committed = commitments(slot, entries)
    frontier = view.frontier.extended(committed)
    if frontier.root() != one.checkpoint.root:
        raise VerificationError("receive.root", "the entries do not give the root that was signed")
    return Verified(entries, committed, frontier, one.text, frame.checkpoint)
