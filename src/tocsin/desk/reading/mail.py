"""Mail: a message to pieces. Its text, what it carries inside; the sender's house is the outlet, persons are left out."""

from collections.abc import Callable
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage
from typing import Final

from tocsin.desk import thresholds
from tocsin.desk.document import Role
from tocsin.desk.reading.making import Piece, titled
from tocsin.errors import FormatError

_READ: Final = ("text/html", "text/plain", "application/pdf")


def pieces(data: bytes, is_spent: Callable[[], bool], inside: Callable[[bytes, str], list[Piece]]) -> list[Piece]:
    """The articles of a message. `inside` reads a part by its media type. Raises FormatError("format.capture")."""
    try:
        message = message_from_bytes(data, policy=policy.default)
        return _pieces(message, is_spent, inside, 0) if isinstance(message, EmailMessage) else []
    except (MessageError, ValueError, TypeError, AttributeError, LookupError, RecursionError, AssertionError) as error:
        raise FormatError("format.capture", "the message cannot be read") from error


def _pieces(
    message: EmailMessage, is_spent: Callable[[], bool], inside: Callable[[bytes, str], list[Piece]], depth: int
) -> list[Piece]:
    made: list[Piece] = []
    subject, house, sent = str(message.get("subject") or "")[:400], _house(message), str(message.get("date") or "")[:60]
    body = message.get_body(preferencelist=("html", "plain"))
    parts = [body] if isinstance(body, EmailMessage) else []
    parts += (
        [one for one in message.iter_attachments() if isinstance(one, EmailMessage)] if message.is_multipart() else []
    )
    for part in parts[: thresholds.MOST_PARTS]:
        if is_spent():
            break
        media = part.get_content_type()
        if media == "message/rfc822" and depth < thresholds.DEEPEST_MAIL:
            made += [
                one
                for held in part.iter_parts()
                if isinstance(held, EmailMessage)
                for one in _pieces(held, is_spent, inside, depth + 1)
            ]
        elif media in _READ:
            content = part.get_payload(decode=True)
            found = inside(content, str(part.get("content-type") or media)) if isinstance(content, bytes) else []
            made += [_named(one, part is body and len(found) == 1, subject, house, sent) for one in found]
    return made


def _named(piece: Piece, is_message: bool, subject: str, house: str, sent: str) -> Piece:
    role = Role.SINGLE if is_message else Role.PART
    title = subject if is_message and subject else piece.title
    # The first line of a plain message is text, not its title.
    piece = piece._replace(title=title) if piece.stamp else titled(piece, title)
    return piece._replace(role=role, outlet=piece.outlet or house, when=piece.when or sent)


def _house(message: EmailMessage) -> str:
    """The domain of the sender: an address is a person's, a domain is a house's."""
    sender = str(message.get("from") or "")
    return sender.rpartition("@")[2].strip(" >\"'").lower()[:80] if "@" in sender else ""
