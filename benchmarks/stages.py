"""Which functions of the publisher's and the receiver's path are timed, under which name."""

import types
from typing import Any

from benchmarks.meter import Meter

from tocsin.backends.sqlite import writer
from tocsin.backends.system import checkpoints
from tocsin.edge.peer import session, websocket
from tocsin.exchange.deliver import receipts, sender
from tocsin.exchange.journal import followers, search
from tocsin.exchange.publish import frames, publisher, share
from tocsin.exchange.receive import accept, verify
from tocsin.exchange.tlog import signer
from tocsin.formats import seal
from tocsin.formats.merkle import Frontier

_BOTH: tuple[tuple[str, Any, str], ...] = (
    ("tree", Frontier, "extended"),
    ("sqlite: begin, commit, fsync", writer, "commit"),
    ("search follower", search.Search, "handle"),
    ("search follower", followers, "read"),
    ("search follower", followers.Following, "_step"),
    ("websocket and tls: send", websocket.WebSocketLink, "send"),
)
_PUBLISHER: tuple[tuple[str, Any, str], ...] = (
    ("gate: json, stix", share, "check_many"),
    ("draft to spool", share.Share, "check"),
    ("policy, spool read", share.Share, "decide"),
    ("policy: what is known", search, "known"),
    ("ready, spool read", share.Share, "commit"),
    ("salts, commitments", publisher, "commitments"),
    ("salts, commitments", publisher, "salts"),
    ("entries and rows made", publisher.Publisher, "_prepare"),
    ("sqlite: insert rows", publisher, "append"),
    ("sqlite: advance log", publisher, "_store"),
    ("checkpoint file", checkpoints.CheckpointFiles, "_replace"),
    ("checkpoint signed, released", signer.Signer, "sign"),
    ("checkpoint signed, released", publisher.Publisher, "_release"),
    ("frame: batch, box, zstd", frames, "encode_batch"),
    ("frame: batch, box, zstd", frames, "encode_box"),
    ("frame: seal", frames.Frames, "_seal"),
    ("sender loop", sender.Sender, "run"),
    ("receipts: verify", receipts.Receipts, "_checked"),
    ("receipts: store", receipts, "_store"),
    ("receipts: loop", receipts.Receipts, "run"),
    ("receipts: session", session.Session, "_receive"),
)
_RECEIVER: tuple[tuple[str, Any, str], ...] = (
    ("frame: open", seal.EpochKey, "open"),
    ("frame: box, zstd", verify, "decode_box"),
    ("frame: batch, salts", verify, "decode_batch"),
    ("commitments", verify, "commitments"),
    ("signature", verify, "signed"),
    ("gate: json, stix", accept, "check_many"),
    ("rows made, marking checked", accept.Receiver, "_rows"),
    ("sqlite: insert rows", accept, "append"),
    ("sqlite: advance log", accept, "advance"),
    ("cosign, finish", accept.Receiver, "finish"),
    ("session: receive", session.Session, "_receive"),
    ("session: finish", session.Session, "_finish"),
)
TABLES = types.MappingProxyType({"publisher": _PUBLISHER + _BOTH, "receiver": _RECEIVER + _BOTH})


def metered(side: str) -> Meter:
    """A meter for "publisher" or "receiver"; to be entered before the node starts."""
    meter = Meter()
    for name, owner, attribute in TABLES[side]:
        meter.add(name, owner, attribute)
    return meter
