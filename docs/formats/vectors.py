"""The worked examples in these pages: `python docs/formats/vectors.py` writes them anew, and a test compares.

Every value is computed with the code of the project. More vectors, refusals among them, stand in tests/vectors/.
"""

from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from tocsin.backends.system import checkpoints
from tocsin.edge.peer import greeting
from tocsin.exchange.members import channels
from tocsin.exchange.publish import epochs
from tocsin.exchange.tlog.logs import origin_line
from tocsin.formats import checkpoint, cosignature, entry, evidence, frame, heartbeat, message, note, statement
from tocsin.formats.keys import Role, SigningKey, key_name
from tocsin.formats.merkle import Frontier, leaf_hash
from tocsin.formats.seal import EpochKey
from tocsin.formats.tlp import Tlp
from tocsin.ports.checkpoints import Held

HERE: Final = Path(__file__).parent
BEGIN: Final = "<!-- vectors: written by docs/formats/vectors.py -->\n"
END: Final = "<!-- end of vectors -->\n"

SECRET: Final = bytes(range(32))
LOG_KEY: Final = SigningKey(bytes([1]) * 32)
PEER_LOG_KEY: Final = SigningKey(bytes([2]) * 32)
RECEIPT_KEY: Final = SigningKey(bytes([3]) * 32)
SEED: Final = bytes([4]) * 32
EPOCH: Final = 1_790_000_000_000_000
EPOCH_KEY: Final = bytes([5]) * 32
NONCE: Final = bytes([6]) * 12
SENT: Final = 1_790_000_000_123_456
KEEP: Final = 1_805_587_200_000_000
ORIGIN: Final = "eg-cert"
PEER: Final = "fr-cert"
CHANNEL_ID: Final = "00000000-0000-4000-8000-000000000001"
CONTENTS: Final = (b'{"a":1}', b'{"b":2}')


def _entries() -> list[entry.Entry]:
    salts = entry.salts(SEED, 0, len(CONTENTS))
    handlings = [entry.Handling(entry.STIX_21, int(level), SENT, KEEP) for level in (Tlp.GREEN, Tlp.AMBER)]
    return [entry.Entry(i, handlings[i], salts[i], content) for i, content in enumerate(CONTENTS)]


def _slot() -> bytes:
    return channels.slot_of(SECRET, ORIGIN)


def _text() -> bytes:
    tree = Frontier().extended(entry.commitments(_slot(), _entries()))
    return checkpoint.encode(checkpoint.Checkpoint(origin_line(ORIGIN, _slot()), tree.size, tree.root(), ()))


def _checkpoint() -> bytes:
    text = _text()
    return note.encode(note.Note(text, (note.sign(text, origin_line(ORIGIN, _slot()), LOG_KEY),)))


def derivations() -> list[tuple[str, str]]:
    """Slots, the plenary, what is bound into a wrapped key."""
    text = statement.compose(statement.CHARTER, {"example": True})
    charter: Any = SimpleNamespace(
        active=frozenset((ORIGIN, PEER)), digest=sha256(text.note.text).digest(), name="Example", created=0
    )
    plenary = channels.plenaries([charter], ORIGIN)[0]
    return [
        (f"charter digest, of the {len(text.note.text)} bytes {_shown(text.note.text)}", f"`{charter.digest.hex()}`"),
        ("plenary: secret", sha256(b"tocsin/plenary/v1" + charter.digest).hexdigest()),
        ("plenary: id", plenary.id),
        (f"plenary: slot of `{ORIGIN}`", plenary.slots[ORIGIN].hex()),
        (f"plenary: slot of `{PEER}`", plenary.slots[PEER].hex()),
        ("another channel: secret", SECRET.hex()),
        ("its `secret_digest`", channels.secret_digest(SECRET)),
        (f"slot of `{ORIGIN}` in it", _slot().hex()),
        (f"slot of `{PEER}` in it", channels.slot_of(SECRET, PEER).hex()),
        (f"urgent slot of `{ORIGIN}` in it", channels.slot_of(SECRET, ORIGIN, urgent=True).hex()),
        ("`info` of its wrapped secret", _shown(channels.wrap_info(CHANNEL_ID, PEER))),
        ("`info` of a wrapped epoch key", _shown(epochs.wrap_info(_slot(), EPOCH, PEER))),
    ]


def entries() -> list[tuple[str, str]]:
    """One batch of two entries, from content to checkpoint."""
    made = _entries()
    committed = entry.commitments(_slot(), made)
    out = [(f"slot of `{ORIGIN}`", _slot().hex()), ("seed of the salts", SEED.hex())]
    for one, commitment in zip(made, committed, strict=True):
        header = entry.encode_header(one.seq, one.handling)
        out += [
            (f"entry {one.seq}: content", f"`{one.content.decode()}`"),
            (f"entry {one.seq}: header", header.hex()),
            (f"entry {one.seq}: SHA-256(bytes)", sha256(header + one.content).hexdigest()),
            (f"entry {one.seq}: salt", one.salt.hex()),
            (f"entry {one.seq}: commitment", commitment.hex()),
            (f"entry {one.seq}: leaf", leaf_hash(commitment).hex()),
        ]
    return [*out, ("root of both", Frontier().extended(committed).root().hex())]


def frames() -> list[tuple[str, str]]:
    """The same batch, sealed."""
    batch = frame.encode_batch(_entries(), SEED)
    box = frame.encode_box(batch, compress=False)
    head = frame.Frame(_slot(), EPOCH, 0, _checkpoint(), NONCE, b"")
    whole = head._replace(sealed=EpochKey(EPOCH_KEY).seal(NONCE, box, head.additional()))
    return [
        ("log key of the origin: seed", LOG_KEY.seed.hex()),
        ("epoch, epoch key", f"{EPOCH}, `{EPOCH_KEY.hex()}`"),
        ("nonce", NONCE.hex()),
        ("checkpoint", _shown(_checkpoint())),
        (f"batch, {len(batch)} bytes", batch.hex()),
        (f"box, {len(box)} bytes", box.hex()),
        ("ciphertext with tag", whole.sealed.hex()),
        ("SHA-256 of the whole frame", sha256(frame.encode_frame(whole)).hexdigest()),
        (f"the whole frame, {len(frame.encode_frame(whole))} bytes", frame.encode_frame(whole).hex()),
    ]


def messages() -> list[tuple[str, str]]:
    """A greeting and a receipt."""
    digest = bytes([7]) * 32
    first = message.encode(message.Hello(1, 1, ORIGIN, digest, bytes([8]) * 32, SENT, "example/1"))
    second = message.encode(message.Hello(1, 1, PEER, digest, bytes([9]) * 32, SENT, "example/1"))
    transcript = greeting.DOMAIN + sha256(first).digest() + sha256(second).digest()
    text = _text()
    signed = cosignature.cosign(text, key_name(PEER, Role.RECEIPT), RECEIPT_KEY, SENT // 1_000_000)
    return [
        (f"hello of `{ORIGIN}`, who dialed", first.hex()),
        (f"hello of `{PEER}`", second.hex()),
        ("transcript", transcript.hex()),
        (f"proof of `{ORIGIN}`, log key seed 01…01", _proof(transcript, ORIGIN, LOG_KEY)),
        (f"proof of `{PEER}`, log key seed 02…02", _proof(transcript, PEER, PEER_LOG_KEY)),
        (
            f"receipt of `{PEER}`, receipt key seed 03…03, at {SENT // 1_000_000}",
            message.encode(message.Receipt(_slot(), len(CONTENTS), signed.key_id, signed.blob)).hex(),
        ),
        ("refusal", message.encode(message.Refusal(_slot(), "receive.gap", 0)).hex()),
        ("chain of one charter", message.encode(message.Chain((digest,))).hex()),
        ("want, from size 1", message.encode(message.Want(_slot(), 1, wanted=True)).hex()),
        ("want, no longer", message.encode(message.Want(_slot(), 0, wanted=False)).hex()),
        ("heads", message.encode(message.Heads((message.Head(_slot(), _checkpoint()),))).hex()),
        (
            "relayed, the receipt above",
            message.encode(message.Relayed(PEER, _slot(), len(CONTENTS), signed.key_id, signed.blob)).hex(),
        ),
        ("evidence, its data `{}` for short", message.encode(message.Evidence(b"{}")).hex()),
    ]


def _proof(transcript: bytes, handle: str, key: SigningKey) -> str:
    return message.encode(message.Proof(key.sign(transcript + handle.encode()))).hex()


def heads() -> list[tuple[str, str]]:
    """A checkpoint file after its second change."""
    root = Frontier().extended(entry.commitments(_slot(), _entries())).root()
    empty = checkpoints._encode(1, Held(0, Frontier().root()))  # noqa: SLF001 - the file's own code
    second = checkpoints._encode(2, Held(2, root))  # noqa: SLF001 - the file's own code
    return [
        ("name", f"`{checkpoints._name(_slot())}`"),  # noqa: SLF001 - the file's own code
        ("first: both slots, 95 bytes before the zeros", empty[:95].hex()),
        ("then: slot at 0, 95 bytes before the zeros", second[:95].hex()),
    ]


def contradictions() -> list[tuple[str, str]]:
    """A heartbeat, and evidence of a fork."""
    head = checkpoint.parse(_text())
    beating = checkpoint.encode(heartbeat.beating(head, SENT))
    other = checkpoint.encode(checkpoint.Checkpoint(head.origin, head.size, bytes(32), ()))
    name = head.origin
    signed = [note.Note(text, (note.sign(text, name, LOG_KEY),)) for text in (_text(), beating, other)]
    made = evidence.fork_of(name, LOG_KEY.public, signed[0], signed[2])
    return [
        ("heartbeat", _shown(note.encode(signed[1]))),
        ("evidence of a fork", f"`{evidence.encode(made).decode()}`"),
        ("its id", made.id.hex()),
    ]


PAGES: Final = {
    "statement.md": derivations,
    "entry.md": entries,
    "frame.md": frames,
    "protocol.md": messages,
    "checkpoint-file.md": heads,
    "evidence.md": contradictions,
}


def _shown(data: bytes) -> str:
    return "`" + data.decode().replace("\n", "⏎") + "`"


def render(page: str, text: str) -> str:
    """The page with its worked example computed anew. ValueError if it has no place for it."""
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{page} has no place for its vectors")
    rows = "".join(
        f"| {name} | {value if '`' in value or '-' in value else f'`{value}`'} |\n" for name, value in PAGES[page]()
    )
    return f"{before}{BEGIN}\n| what | value |\n|---|---|\n{rows}\n{END}{after}"


if __name__ == "__main__":
    for name in PAGES:
        path = HERE / name
        path.write_text(render(name, path.read_text(encoding="utf-8")), encoding="utf-8")
        print(path.name)
