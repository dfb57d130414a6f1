"""C2SP signed-note: a text and the signatures under it (https://c2sp.org/signed-note).

    <text, one or more lines>
    <empty line>
    — <key name> <base64 of 4-byte key id and signature>      one or more

The layout, what we demand beyond the standard and test vectors stand in docs/formats/note.md.
"""

import base64
import hashlib
import re
from dataclasses import dataclass, replace

from tocsin.errors import FormatError
from tocsin.formats.keys import SigningKey, VerifyKey, decode_base64

ED25519 = 0x01
COSIGNATURE = 0x04

KEY_ID_BYTES = 4
MAX_BYTES = 1 << 20
MAX_SIGNATURES = 512  # a charter is signed by every founder

_CODE = "format.note"
_DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")  # all below U+0020 but newline
_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")  # \s is every Unicode space; UTF-8 has no lone surrogate


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: key name, 4-byte key id, and the `blob` the algorithm gave (at least one byte).

    A name is not empty and holds neither Unicode spaces, control characters nor plus. FormatError("format.note") else.
    """

    name: str
    key_id: bytes
    blob: bytes

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.key_id) != KEY_ID_BYTES or not self.blob:
            raise FormatError(_CODE, "a signature is a 4-byte key id and at least one byte more")


@dataclass(frozen=True, slots=True)
class Note:
    """A text, with its final newline and without the empty line after it, and the signatures in their order.

    The text is UTF-8 without control characters other than newline. FormatError("format.note") else.
    """

    text: bytes
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        check_text(self.text, _CODE)


def check_text(text: bytes, code: str) -> str:
    """`text` decoded, if it can be the text of a note: UTF-8, no control character but newline, newline at the end."""
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError:
        raise FormatError(code, "the text is not UTF-8") from None
    if not decoded.endswith("\n"):
        raise FormatError(code, "the text does not end in a newline")
    if _CONTROL.search(decoded):
        raise FormatError(code, "the text holds a control character other than newline")
    return decoded


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise FormatError(_CODE, "a key name is empty or holds a space, a plus or a control character")


def parse(data: bytes, *, max_bytes: int = MAX_BYTES, max_signatures: int = MAX_SIGNATURES) -> Note:
    """The note whose encode() is exactly `data`, else FormatError("format.note").

    Signatures of unknown names, keys and algorithms are kept; nothing is verified here.
    """
    if len(data) > max_bytes:
        raise FormatError(_CODE, f"the note is larger than {max_bytes} bytes")
    text, gap, tail = data.rpartition(b"\n\n")
    if not gap:
        raise FormatError(_CODE, "no empty line stands between text and signatures")
    if tail.count(b"\n") > max_signatures:
        raise FormatError(_CODE, f"the note has more than {max_signatures} signatures")
    lines = check_text(tail, _CODE).split("\n")[:-1]
    return Note(text + b"\n", tuple(map(_parse_line, lines)))


def _parse_line(line: str) -> Signature:
    name, _, coded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH):
        raise FormatError(_CODE, "a signature line does not begin with an em dash and a space")
    raw = decode_base64(coded, _CODE)
    return Signature(name, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def encode(note: Note) -> bytes:
    """The bytes whose parse() is exactly `note`. FormatError("format.note") for a note that nobody signed."""
    if not note.signatures:
        raise FormatError(_CODE, "a note has at least one signature")
    return note.text + b"\n" + b"".join(map(encode_line, note.signatures))


def encode_line(signature: Signature) -> bytes:
    """One signature line with its newline, as it stands in a note."""
    coded = base64.b64encode(signature.key_id + signature.blob).decode("ascii")
    return f"{_DASH}{signature.name} {coded}\n".encode()


def key_id(name: str, algorithm: int, public: bytes) -> bytes:
    """The 4-byte id of a key: SHA-256(name, newline, algorithm byte, encoded public key), cut.

    FormatError("format.note") if the name cannot stand in a signature line.
    """
    _check_name(name)
    return hashlib.sha256(name.encode() + b"\n" + bytes((algorithm,)) + public).digest()[:KEY_ID_BYTES]


def sign(text: bytes, name: str, key: SigningKey) -> Signature:
    """The Ed25519 signature (type 0x01) of `name` over `text`. FormatError("format.note") if no note can hold them."""
    check_text(text, _CODE)
    return Signature(name, key_id(name, ED25519, key.public.raw), key.sign(text))


def verified(note: Note, name: str, key: VerifyKey) -> bool:
    """Whether `name` signed the note with `key` (type 0x01). Never raises.

    Lines of other names or key ids are ignored. If several lines claim this name and key, each must be right: a note
    that carries a false signature of a known key is not to be trusted (signed-note, "Signatures").
    """
    named = [signature for signature in note.signatures if signature.name == name]
    if not named:
        return False
    wanted = key_id(name, ED25519, key.raw)
    claims = [signature.blob for signature in named if signature.key_id == wanted]
    return bool(claims) and all(key.verify(note.text, blob) for blob in claims)


def add(note: Note, signature: Signature) -> Note:
    """The note with `signature` as its last; the same note if it is already there."""
    if signature in note.signatures:
        return note
    return replace(note, signatures=(*note.signatures, signature))
