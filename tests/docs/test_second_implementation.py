"""The worked examples, computed a second time from the text of the pages alone: nothing of the project is imported."""

import json
import re
from base64 import b64decode, b64encode
from hashlib import sha256, shake_256
from hmac import digest as hmac
from pathlib import Path
from struct import pack
from uuid import NAMESPACE_URL, uuid5

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from nacl.signing import SigningKey

FORMATS = Path(__file__).resolve().parents[2] / "docs" / "formats"
ORIGIN, PEER = b"eg-cert", b"fr-cert"
SENT, KEEP, EPOCH = 1_790_000_000_123_456, 1_805_587_200_000_000, 1_790_000_000_000_000
CONTENTS = (b'{"a":1}', b'{"b":2}')
MARKINGS = (1, 2)
SEED = bytes([4]) * 32
RECEIPT_SEED = bytes([3]) * 32


def told(page):
    rows = re.findall(r"^\| (.+?) \| `?(.+?)`? \|$", (FORMATS / page).read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r", \d+ bytes$", "", name).replace("`", ""): value.replace("⏎", "\n") for name, value in rows}


def slot(secret, handle):
    return hmac(secret, b"tocsin/slot/v1" + handle, "sha256")


SLOT = slot(bytes(range(32)), ORIGIN)
NAME = b"tocsin/eg-cert/log/" + SLOT.hex().encode()


def header(seq):
    return pack(">BBBQQQ", 1, 1, MARKINGS[seq], seq, SENT, KEEP)


def salt(seq):
    stream = shake_256(b"tocsin/salt/v1" + SEED + pack(">Q", 0)).digest(32 * len(CONTENTS))
    return stream[32 * seq : 32 * seq + 32]


def commitment(seq):
    body = sha256(header(seq) + CONTENTS[seq]).digest()
    return hmac(salt(seq), b"tocsin/entry/v1" + SLOT + body, "sha256")


def root():
    leaves = [sha256(b"\0" + commitment(seq)).digest() for seq in (0, 1)]
    return sha256(b"\1" + leaves[0] + leaves[1]).digest()


def key_id(name, algorithm, seed):
    return sha256(name + b"\n" + bytes([algorithm]) + bytes(SigningKey(seed).verify_key)).digest()[:4]


CHECKPOINT = NAME + b"\n2\n" + b64encode(root()) + b"\n"


def note(text=CHECKPOINT):
    seed = bytes([1]) * 32
    blob = key_id(NAME, 1, seed) + SigningKey(seed).sign(text).signature
    return text + b"\n\xe2\x80\x94 " + NAME + b" " + b64encode(blob) + b"\n"


def packed(value):
    """MessagePack, as far as the messages need it, shortest first."""
    if isinstance(value, list):
        return bytes([0x90 | len(value)]) + b"".join(map(packed, value))
    if isinstance(value, str):
        return bytes([0xA0 | len(value)]) + value.encode()
    if isinstance(value, bytes):
        return b"\xc4" + bytes([len(value)]) + value
    return bytes([value]) if value < 128 else b"\xcf" + pack(">Q", value)


def hello(handle, nonce):
    return b"M" + packed(["hello", 1, 1, handle.decode(), bytes([7]) * 32, bytes([nonce]) * 32, SENT, "example/1"])


def test_statement():
    page = told("statement.md")
    digest = sha256(b'tocsin/charter/v1\n{"example":true}\n').digest()
    plenary = sha256(b"tocsin/plenary/v1" + digest).digest()
    assert page["plenary: secret"] == plenary.hex()
    assert page["plenary: id"] == str(uuid5(NAMESPACE_URL, "tocsin-plenary:" + digest.hex()))
    assert page["plenary: slot of eg-cert"] == slot(plenary, ORIGIN).hex()
    assert page["plenary: slot of fr-cert"] == slot(plenary, PEER).hex()
    assert page["slot of eg-cert in it"] == SLOT.hex()
    assert page["its secret_digest"] == sha256(b"tocsin/channel-secret-digest/v1" + bytes(range(32))).hexdigest()
    channel = "tocsin/channel-secret/v1\n00000000-0000-4000-8000-000000000001\nfr-cert"
    assert page["info of its wrapped secret"] == channel
    assert page["info of a wrapped epoch key"] == f"tocsin/epoch-key/v1\n{SLOT.hex()}\n{EPOCH}\nfr-cert"


def test_entry():
    page = told("entry.md")
    for seq in (0, 1):
        assert page[f"entry {seq}: header"] == header(seq).hex()
        assert page[f"entry {seq}: salt"] == salt(seq).hex()
        assert page[f"entry {seq}: commitment"] == commitment(seq).hex()
    assert page["root of both"] == root().hex()


def test_frame():
    page = told("frame.md")
    classes = b"".join(pack(">BBQQ", 1, marking, SENT, KEEP) for marking in MARKINGS)
    lengths = pack(">II", *map(len, CONTENTS))
    batch = pack(">BHH", 0, 2, 2) + classes + pack(">HH", 0, 1) + lengths + SEED + b"".join(CONTENTS)
    box = pack(">BII", 0, len(batch), len(batch)) + batch
    exponent = len(box).bit_length() - 1
    step = 1 << (exponent - exponent.bit_length())
    box += bytes(-len(box) % step)
    head = b"TF\1\0" + SLOT + pack(">QQH", EPOCH, 0, len(note())) + note()
    nonce = bytes([6]) * 12
    whole = head + nonce + AESGCM(bytes([5]) * 32).encrypt(nonce, box, head)
    assert page["checkpoint"].encode() == note()
    assert page["batch"] == batch.hex()
    assert page["box"] == box.hex()
    assert page["the whole frame"] == whole.hex()


def test_protocol():
    page = told("protocol.md")
    first, second = hello(ORIGIN, 8), hello(PEER, 9)
    transcript = b"tocsin/hello/v1\n" + sha256(first).digest() + sha256(second).digest()
    assert page["hello of eg-cert, who dialed"] == first.hex()
    assert page["hello of fr-cert"] == second.hex()
    for handle, seed in ((ORIGIN, 1), (PEER, 2)):
        signature = SigningKey(bytes([seed]) * 32).sign(transcript + handle).signature
        proof = b"M" + packed(["proof", signature])
        assert page[f"proof of {handle.decode()}, log key seed 0{seed}…0{seed}"] == proof.hex()
    seconds = SENT // 1_000_000
    signed = SigningKey(RECEIPT_SEED).sign(b"cosignature/v1\ntime %d\n" % seconds + CHECKPOINT).signature
    receipt = ["receipt", SLOT, 2, key_id(b"tocsin/fr-cert/receipt", 4, RECEIPT_SEED), pack(">Q", seconds) + signed]
    assert page[f"receipt of fr-cert, receipt key seed 03…03, at {seconds}"] == (b"M" + packed(receipt)).hex()
    assert page["refusal"] == (b"M" + packed(["refusal", SLOT, "receive.gap", 0])).hex()


def test_checkpoint_file():
    page = told("checkpoint-file.md")
    for row, generation, size, head in (
        ("first: both slots, 95 bytes before the zeros", 1, 0, sha256(b"").digest()),
        ("then: slot at 0, 95 bytes before the zeros", 2, 2, root()),
    ):
        body = b"tocsin-head/v1\n" + pack(">QQ", generation, size) + head
        assert page[row] == (body + sha256(body).digest()).hex()
    assert page["name"] == SLOT.hex()[:32] + ".head"


def test_evidence():
    page = told("evidence.md")
    assert page["heartbeat"].encode() == note(CHECKPOINT + b"beat %d\n" % SENT)
    other = NAME + b"\n2\n" + b64encode(bytes(32)) + b"\n"
    key = b64encode(bytes(SigningKey(bytes([1]) * 32).verify_key)).decode()
    body = {"accused": "eg-cert", "key": key, "kind": "fork", "name": NAME.decode()}
    notes = [one.decode() for one in sorted([note(), note(other)])]
    made = json.dumps({**body, "notes": notes, "proof": [], "version": 1}, separators=(",", ":"), ensure_ascii=False)
    assert page["evidence of a fork"] == made
    assert page["its id"] == sha256(made.encode()).hexdigest()


def test_the_note_of_the_keys_page_verifies():
    text = (FORMATS / "note.md").read_text("utf-8")
    body, _, tail = re.search(r"```\n(tocsin/ma-cert/plenary\n.*?)```", text, re.DOTALL).group(1).partition("\n\n")
    name, coded = re.match("— (\\S+) (\\S+)\n", tail).groups()
    blob = b64decode(coded)
    key = SigningKey(bytes(range(32))).verify_key
    key.verify(f"{body}\n".encode(), blob[4:])
    assert blob[:4] == key_id(name.encode(), 1, bytes(range(32)))
