"""Mail and PDF: what a person or an agency sends."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from io import BytesIO
from typing import Final, NamedTuple

from pypdf import PdfReader
from pypdf.errors import PyPdfError

from tocsin.desk.reading.lines import cleaned
from tocsin.errors import FormatError

MOST_PAGES: Final = 400
MOST_PARTS: Final = 20
_MOST_TEXT: Final = 4_000_000
_SENTENCE_END: Final = (".", "!", "?", "…", ":", "؟", "۔", "”", "»")


class Part(NamedTuple):
    """What is attached to a mail: bytes to be read by their own kind."""

    media_type: str
    name: str
    body: bytes


class Mail(NamedTuple):
    """A mail: its text as HTML or plain, and its parts."""

    subject: str
    sender: str  # the name of the house, or the domain; never the mailbox
    date: str
    media_type: str
    body: bytes
    parts: tuple[Part, ...]


def mail(body: bytes) -> Mail:
    """A message as in .eml. Raises FormatError("desk.unreadable")."""
    try:
        message = message_from_bytes(body, policy=policy.default)
        if not isinstance(message, EmailMessage) or not (message["subject"] or message["from"]):
            raise FormatError("desk.unreadable", "the bytes are no mail")
        name, address = parseaddr(str(message["from"] or ""))
        text = message.get_body(preferencelist=("html", "plain"))
        return Mail(
            " ".join(cleaned(str(message["subject"] or ""))[0].split())[:500],
            cleaned(name)[0].strip()[:200] or address.rpartition("@")[2][:200],
            str(message["date"] or "")[:64],
            text.get_content_type() if text is not None else "text/plain",
            _bytes(text),
            tuple(_parts(message)),
        )
    except (MessageError, LookupError, ValueError, KeyError, AttributeError, IndexError) as error:
        raise FormatError("desk.unreadable", "the bytes are no mail") from error


def _parts(message: EmailMessage) -> Iterator[Part]:
    for number, one in enumerate(message.iter_attachments()):
        if number >= MOST_PARTS:
            return
        if isinstance(one, EmailMessage) and one.get_content_maintype() in ("text", "application"):
            yield Part(one.get_content_type(), str(one.get_filename() or "")[:200], _bytes(one))


def _bytes(part: MIMEPart | None) -> bytes:
    if part is None:
        return b""
    content = part.get_content()
    return content.encode("utf-8") if isinstance(content, str) else content if isinstance(content, bytes) else b""


class Pdf(NamedTuple):
    """A PDF's text."""

    title: str
    date: str
    paragraphs: tuple[str, ...]
    cut: bool  # it has more pages than are read


def pdf(body: bytes) -> Pdf:
    """Raises FormatError("desk.unreadable")."""
    try:
        reader = PdfReader(BytesIO(body), strict=False)
        if reader.is_encrypted and not reader.decrypt(""):
            raise FormatError("desk.unreadable", "the PDF wants a password")
        pages, length = [], 0
        for number, page in enumerate(reader.pages):
            if number >= MOST_PAGES or length > _MOST_TEXT:
                break
            pages.append(page.extract_text() or "")
            length += len(pages[-1])
        told = reader.metadata
        count = len(reader.pages)
    except FormatError:
        raise
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        IndexError,
        AttributeError,
        RecursionError,
        OverflowError,
        OSError,
    ) as error:
        raise FormatError("desk.unreadable", f"the PDF cannot be read ({type(error).__name__})") from error
    paragraphs = tuple(_paragraphs(cleaned("\n".join(pages))[0]))
    title = str(told.title or "") if told else ""
    date = str(told.get("/CreationDate") or "") if told else ""
    return Pdf(" ".join(cleaned(title)[0].split())[:500], date[:64], paragraphs, count > len(pages))


def _paragraphs(text: str) -> Iterator[str]:
    """Lines joined where a sentence goes on: a PDF has lines and no paragraphs."""
    kept: list[str] = []
    for line in (one.strip() for one in text.split("\n")):
        if not line:
            if kept:
                yield " ".join(kept)
            kept = []
            continue
        if kept and kept[-1].endswith("-") and line[:1].islower():
            kept[-1] = kept[-1][:-1] + line
        else:
            kept.append(line)
        if line.endswith(_SENTENCE_END):
            yield " ".join(kept)
            kept = []
    if kept:
        yield " ".join(kept)
