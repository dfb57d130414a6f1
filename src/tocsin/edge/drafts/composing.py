"""Objects that are made here: reports and indicators from what a person wrote. The same draft gives the same bytes."""

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from tocsin.errors import FormatError
from tocsin.formats import canonical
from tocsin.formats.fields import stamp
from tocsin.formats.stix import ids
from tocsin.formats.stix.valued import Value, pattern, value_of
from tocsin.formats.tlp import Tlp, marking_id
from tocsin.formats.values import Kind, refanged

_MS: Final = 1000


class Author(NamedTuple):
    """By whom, in which draft, when (microseconds since 1970), how marked."""

    identity: str
    draft: str
    at: int
    level: Tlp


def indicator(author: Author, value: Value, title: str, text: str) -> dict[str, Any]:
    """An indicator of a value."""
    said = {
        **_head("indicator", author, value.kind, value.text),
        "name": title or value.text,
        "indicator_types": ["malicious-activity"],
        "pattern": pattern(value),
        "pattern_type": "stix",
        "valid_from": stamp(_whole(author.at)),
    }
    return {**said, "description": text} if text else said


def report(author: Author, title: str, text: str, about: Sequence[str]) -> dict[str, Any]:
    """A report; without objects it is about its author's own word, which is all there is."""
    said = {
        **_head("report", author, "report"),
        "name": title,
        "report_types": ["threat-report"],
        "published": stamp(_whole(author.at)),
        "object_refs": list(about) or [author.identity],
    }
    return {**said, "description": text} if text else said


def composed(author: Author, kind: str, title: str, text: str, values: Sequence[Value]) -> list[bytes]:
    """The objects of a draft. Raises FormatError("format.draft")."""
    if not title.strip() and kind == "report":
        raise FormatError("format.draft", "a report needs a title")
    made = [
        indicator(author, one, title if kind == "indicator" else "", text if kind == "indicator" else "")
        for one in values
    ]
    if kind != "indicator" and title.strip():
        made.append(report(author, title.strip(), text, [one["id"] for one in made]))
    if not made:
        raise FormatError("format.draft", "there is nothing in it that could be shared")
    return [canonical.encode(one) for one in made]


def _head(kind: str, author: Author, *parts: str) -> dict[str, Any]:
    at = stamp(_whole(author.at))
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": ids.sdo_id(kind, author.draft, *parts),
        "created_by_ref": author.identity,
        "created": at,
        "modified": at,
        "object_marking_refs": [marking_id(author.level)],
    }


def _whole(at: int) -> int:
    return at // _MS * _MS


# -- text ---------------------------------------------------------------------------------------------------------

MOST_FOUND: Final = 2000
_TOKEN: Final = re.compile(r"""[^\s,;"'`<>|\u00ab\u00bb\u201c\u201d]{4,2048}""")
_OUTSIDE: Final = ".:!?*_~="
_FILES: Final = frozenset(
    [
        "exe",
        "dll",
        "pdf",
        "txt",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "ppt",
        "pptx",
        "js",
        "php",
        "html",
        "htm",
        "zip",
        "log",
        "py",
        "sh",
        "bat",
        "ps1",
        "json",
        "xml",
        "csv",
        "md",
        "png",
        "jpg",
        "gif",
        "rar",
    ]
)


class Found(NamedTuple):
    """A value in a text. `is_defanged`: somebody has made it harmless, so it is meant as a warning of it."""

    kind: str
    text: str
    written: str
    line: int
    is_defanged: bool


def found_in(text: str) -> list[Found]:
    """Addresses, names, URLs, hashes and mailboxes of a text, each once, at most MOST_FOUND."""
    out: dict[tuple[str, str], Found] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for match in _TOKEN.finditer(line):
            one = _found(_peeled(match[0]), number)
            if one is None:
                continue
            key = (one.kind, one.text)
            if key not in out or (one.is_defanged and not out[key].is_defanged):
                out[key] = one
            if len(out) >= MOST_FOUND:
                return list(out.values())
    return list(out.values())


def _peeled(token: str) -> str:
    """Without the brackets and stops of the sentence around it."""
    while token and token[-1] in _OUTSIDE:
        token = token[:-1]
    for opening, closing in ("()", "[]", "{}"):
        if token.startswith(opening) and token.endswith(closing) and token.count(opening) == 1:
            token = token[1:-1]
        elif token.startswith(opening) and closing not in token:
            token = token[1:]
        elif token.endswith(closing) and opening not in token:
            token = token[:-1]
    return token.rstrip(_OUTSIDE)


def _found(token: str, line: int) -> Found | None:
    value = value_of(token)
    if value is None:
        return None
    meant = value.kind is Kind.HASH or refanged(token) != token
    if value.kind is Kind.DOMAIN and not meant and not _is_site(value.text):
        return None
    return Found(value.kind.value, value.text, token[:256], line, meant)


def _is_site(domain: str) -> bool:
    """Whether a name that nobody defanged looks like a site rather than like a file or an abbreviation."""
    last = domain.rpartition(".")[2]
    return len(last) > 1 and last.isalpha() and last not in _FILES and len(domain) > 5
