"""From a piece of a page to a document: labels cut, credit and clocks read, language told."""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tocsin.desk import thresholds
from tocsin.desk.document import JOIN, Capture, Clock, Document, Given, Role, Way
from tocsin.desk.finding.language import direction_of, language_of, reading_seconds
from tocsin.desk.reading import labels
from tocsin.desk.reading.agencies import Credit, agency_of, credit_of
from tocsin.desk.reading.cleaning import clean, notes_of
from tocsin.desk.reading.stamps import event_in, resolve

_CUT: Final = re.compile(
    r"(?:\.\.\.|…|\[…\]|\[\.\.\.\]|\(\.\.\.\))\s*(?:(?:read|see)\s+more|lire la suite|اقرأ المزيد|leer más|читать далее)?\s*$",
    re.IGNORECASE,
)
_EDGES: Final = re.compile(r"\W+")
_MOST_TAGS: Final = 32
_LONGEST_TAG: Final = 80
_LONGEST_WHEN: Final = 60


class Listing(NamedTuple):
    """A line that a partner's machine lists. `meant`: as an indicator by itself; `is_value`: of a kind that findings have."""

    label: str
    value: str
    comment: str = ""
    meant: bool = False
    is_value: bool = True


class Piece(NamedTuple):
    """What a format's reader found of one article."""

    title: str
    lines: tuple[str, ...]
    role: Role
    outlet: str = ""
    stamp: str = ""
    when: str = ""  # an instant from the page's head, a <time>, a feed or a mail
    byline: str = ""
    source: str = ""
    url: str = ""
    tags: tuple[str, ...] = ()
    shown_reading_min: int | None = None
    cut: bool = False
    hidden: int = 0
    name: str = ""  # what its maker calls it, whatever it is edited to
    links: tuple[str, ...] = ()
    listed: tuple[Listing, ...] = ()
    notes: tuple[str, ...] = ()
    changed: str = ""  # when its feed says that it was last changed


def titled(piece: Piece, title: str) -> Piece:
    """The piece under a title that is told elsewhere: what was taken for one is its first line, unless it is cut of that line."""
    is_kept = title == piece.title or any(one.startswith(piece.title) for one in piece.lines[:1])
    return piece._replace(title=title, lines=piece.lines if is_kept else (piece.title, *piece.lines))


def host_of(url: str) -> str:
    """The name of the machine in a URL, without "www."; empty if there is none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def web_address(url: str) -> str:
    """A URL that a browser may open: http or https, printable, of a length that can be stored; else empty."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    fits = len(url) <= 2048 and url.isprintable() and " " not in url and parts.hostname
    return url if fits and parts.scheme in ("http", "https") else ""


def document(piece: Piece, capture: Capture, order: int) -> Document | None:
    """A document of a piece, or None if no words are left."""
    title = clean(piece.title[: thresholds.LONGEST_TITLE].replace("\n", " ")).text.strip()
    cleaned = clean(JOIN.join(piece.lines)[: thresholds.LONGEST_TEXT])
    paragraphs = tuple(one.strip() for one in cleaned.text.split("\n") if one.strip() and one.strip() != title)
    read, paragraphs = _without_read_time(paragraphs)
    paragraphs, tags = _without_tags(paragraphs)
    listed = tuple(_line(one) for one in piece.listed)
    if not paragraphs and not listed:
        return None
    credit = credit_of(paragraphs) if paragraphs else None
    outlet = clean(piece.outlet[:80]).text.strip() or capture.outlet or host_of(piece.url or capture.url)
    language = language_of(title, _first_text(paragraphs) if paragraphs else title)
    words = sum(len(one.split()) for one in paragraphs)
    stamp = resolve(clean(piece.stamp).text, capture.seen_us, Way.STAMP) if piece.stamp else None
    # What a feed says of a page is of its first article.
    published = _published(piece, credit, stamp, capture.seen_us, "" if order else capture.when)
    url = _address(piece, capture)
    prose, paragraphs = JOIN.join(paragraphs), (*paragraphs, *listed)
    text = JOIN.join(paragraphs)
    article = _article(piece.name, url, outlet, title)
    content = sha256(f"{outlet}\n{title}\n{text}".encode()).hexdigest()[:32]
    return Document(
        # The same when the same page, unchanged there, is read again from another capture.
        id=sha256(f"{capture.url or capture.sha256}\n{article}\n{content}".encode()).hexdigest()[:32],
        content=content,
        article=article,
        outlet=outlet,
        title=title,
        paragraphs=paragraphs,
        found_in=capture.sha256,
        order=order,
        role=piece.role,
        seen=Clock("", capture.seen_us, capture.seen_us, Way.CAPTURE),
        stamp=stamp,
        published=published,
        event=event_in(prose[: thresholds.EVENT_CHARACTERS], published or Clock("", capture.seen_us, capture.seen_us, Way.CAPTURE)),
        byline=clean(piece.byline[:120]).text.strip(),
        agency=(credit.agency if credit else "") or agency_of(piece.source) or agency_of(piece.byline) or agency_of(outlet),
        credit=credit.text if credit else "",
        url=url,
        language=language,
        direction=direction_of(language, title or prose),
        tags=_tags((*piece.tags, *tags)),
        words=words,
        reading_s=reading_seconds(words, language),
        shown_reading_min=piece.shown_reading_min if piece.shown_reading_min is not None else read,
        cut=piece.cut or _CUT.search(prose) is not None,
        notes=(*notes_of(cleaned, piece.hidden), *piece.notes),
        links=piece.links[: thresholds.MOST_ENTRIES],
        listed=len(listed),
        given=_given(piece.listed, listed, len(text) - len(JOIN.join(listed))),
    )  # fmt: skip


def _address(piece: Piece, capture: Capture) -> str:
    is_own = capture.is_article and piece.role in (Role.SINGLE, Role.MAIN)
    return web_address(piece.url) or (web_address(capture.url) if is_own else "")


def _line(one: Listing) -> str:
    label, value, comment = (" ".join(clean(part).text.split()) for part in one[:3])
    return f"{label}: {value} — {comment}" if comment else f"{label}: {value}"


def _given(listed: Sequence[Listing], lines: Sequence[str], start: int) -> tuple[Given, ...]:
    made = []
    for one, line in zip(listed, lines, strict=True):
        label, value = (" ".join(clean(part).text.split()) for part in one[:2])
        first = start + len(label) + 2
        if one.is_value:
            made.append(Given(value, first, first + len(value), one.meant))
        start += len(line) + len(JOIN)
    return tuple(made)


def _without_read_time(paragraphs: tuple[str, ...]) -> tuple[int | None, tuple[str, ...]]:
    if not paragraphs:
        return None, ()
    read = labels.without_read_time(paragraphs[0])
    return read.minutes, ((read.rest, *paragraphs[1:]) if read.rest else paragraphs[1:])


def _without_tags(paragraphs: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if not paragraphs:
        return (), ()
    rest, tags = labels.without_tags(paragraphs[-1])
    if not tags:
        return paragraphs, ()
    kept = (*paragraphs[:-1], rest) if rest else paragraphs[:-1]
    return kept, tuple(one.strip() for one in re.split(r"[,،;|•]", tags) if one.strip())[:32]


def _tags(given: tuple[str, ...]) -> tuple[str, ...]:
    made = (clean(one[:_LONGEST_TAG]).text.strip() for one in given[: 2 * _MOST_TAGS])
    return tuple(one for one in made if one)[:_MOST_TAGS]


def _first_text(paragraphs: tuple[str, ...]) -> str:
    return next((one for one in paragraphs if len(one) > 60), paragraphs[0])


def _published(piece: Piece, credit: Credit | None, stamp: Clock | None, seen_us: int, fed: str) -> Clock | None:
    """An instant the page's head names; else a date beside the title; else the credit's, the feed's; else what is relative."""
    made = resolve(clean(piece.when).text[:_LONGEST_WHEN], seen_us, Way.METADATA) if piece.when else None
    if made is None and stamp is not None and not stamp.relative:
        made = stamp
    if made is None and credit is not None and credit.date:
        made = resolve(credit.date, seen_us, Way.CREDIT)
    if made is None and fed:
        made = resolve(clean(fed).text[:_LONGEST_WHEN], seen_us, Way.METADATA)
    made = made or stamp
    # What claims to be of the future is of a clock that is wrong, or of a liar.
    return made if made is None or made.first_us <= seen_us + thresholds.DAY_US else stamp


def _article(name: str, url: str, outlet: str, title: str) -> str:
    """The name of an article through its edits: what its maker calls it, else its address, else its outlet and title."""
    if name:
        key = name
    elif url:
        parts = urlsplit(url)
        key = f"{host_of(url)}{parts.path.rstrip('/')}?{parts.query}"
    else:
        key = f"{outlet.lower()}\n{_EDGES.sub(' ', title.lower()).strip()}"
    return sha256(key.encode()).hexdigest()[:32]
