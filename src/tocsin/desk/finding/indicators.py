"""Values that an indicator could be made of. Who defangs a value means it; what is not defanged is what a text points at."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

from tocsin.desk.document import Document, Finding, Given, Sentence, Verdict
from tocsin.desk.finding.sentences import around
from tocsin.formats.unicast import is_public
from tocsin.formats.values import Kind, digest, host, refanged
from tocsin.formats.values import canonical as one_way

MOST: Final = 5000
_TOKEN: Final = re.compile(r"""(?:\s?\[\s?\.\s?\]\s?|\s\[(?:dot|at)\]\s|[^\s"'`<>|;«»“”‘’،؛]){4,2048}""")
_HASHES: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_HEX: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{128}|[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Za-z])"
)
_TRAILING: Final = ".:,!?*_~=…-–—"
_SPACED: Final = re.compile(r"\s?\[\s?(\.|dot|at)\s?\]\s?", re.IGNORECASE)
_SCHEME: Final = re.compile(r"^(?:h(?:tt|xx|\*\*)ps?|fxp|ftp|meow)\s?(?:\[:\]|:|\[://\])", re.IGNORECASE)
_GLUED: Final = re.compile(r"^[^\[\]()]{0,40}?[=(\[:](?=(?:h(?:tt|xx)ps?(?:\[?:|\[://)|\d{1,3}\[?\.))", re.IGNORECASE)
_DOTTED: Final = re.compile(r"^\d+(?:\.\d+){3}$")
_VERSION: Final = re.compile(
    r"(?:version|release|build|firmware|update|версия|الإصدار|mise à jour)\s*:?\s*v?$|\bv$", re.IGNORECASE
)
_EMPTY: Final = frozenset(
    {
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    }
)
# Endings of files and of program texts that are endings of names as well: a name so written is none unless defanged.
_FILES: Final = frozenset(
    [
        "exe", "dll", "pdf", "txt", "doc", "docx", "docm", "xls", "xlsx", "xlsm", "ppt", "pptx", "js", "vbs", "php", "html", "htm", "zip", "rar",
        "7z", "gz", "tar", "log", "py", "sh", "bat", "ps1", "json", "xml", "csv", "md", "png", "jpg", "jpeg", "gif", "svg", "lnk", "iso", "img",
        "msi", "jar", "apk", "bin", "dat", "tmp", "cfg", "ini", "sys", "mov", "mp4", "mp3", "eml", "pcap", "yml", "yaml", "rtf", "hta", "wsf", "cab",
    ]
)  # fmt: skip
Listed = Callable[[str, str], str]
"""Why a value of a kind must not be proposed: the name of a list, or nothing."""


class _Value(NamedTuple):
    kind: str
    value: str


def findings(text: str, sentences: tuple[Sentence, ...], is_listed: Listed) -> tuple[Finding, ...]:
    """Every value once, where it stands first; a defanged place counts more than one that is not."""
    out: dict[tuple[str, str], Finding] = {}
    for raw, start in _tokens(text):
        for part, at in _values_at(raw, start):
            for found in _found(part, at, text, sentences, is_listed):
                known = out.get((found.kind, found.value))
                if known is None or (found.defanged and not known.defanged):
                    out[(found.kind, found.value)] = found
        if len(out) >= MOST:
            break
    return tuple(sorted(out.values(), key=lambda one: one.start))


def with_given(found: tuple[Finding, ...], document: Document, is_listed: Listed) -> tuple[Finding, ...]:
    """With the values that a partner's machine lists. What the text itself proposes, or defangs, counts more."""
    out = {(one.kind, one.value): one for one in found}
    text, begin, lines = document.text, 0, {}
    for line in document.paragraphs:
        lines[begin] = line
        begin += len(line) + 1
    starts = sorted(lines)
    for given in document.given:
        line = lines[starts[bisect_right(starts, given.start) - 1]]
        made = _given(given, line, text[given.start : given.end], is_listed)
        known = made and out.get((made.kind, made.value))
        if made and (known is None or (made.given and not known.given and known.verdict is Verdict.REFERENCE)):
            out[(made.kind, made.value)] = made
    return tuple(sorted(out.values(), key=lambda one: one.start))


def _given(given: Given, line: str, raw: str, is_listed: Listed) -> Finding | None:
    """By what it is alone: who lists values for machines defangs none, so that says nothing here."""
    plain = refanged(given.value)
    value = digest(plain)
    if _HEX.fullmatch(plain) and len(value) in _HASHES:
        reason = "the hash of an empty file" if value in _EMPTY else is_listed("hash", value)
        found, verdict = _Value(_HASHES[len(value)], value), Verdict.SUPPRESSED if reason else Verdict.REFERENCE
    else:
        made = _value(plain, defanged=True)
        if made is None:
            return None
        found, (verdict, reason) = made, _verdict(made, False, "", is_listed)
    is_meant = given.meant and verdict is Verdict.REFERENCE and found.kind != "email"
    if is_meant:
        reason = "listed by its source as an indicator"
    elif verdict is Verdict.REFERENCE and found.kind != "email":
        reason = "listed by its source, and not as an indicator"
    return Finding(found.kind, found.value, raw, False, given.start, given.end, line, verdict, reason, is_meant)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    for found in _TOKEN.finditer(text):
        token = found[0]
        if "." in token or ":" in token or "dot" in token or len(token) >= 32:
            lead = len(token) - len(token.lstrip())
            yield token.strip(), found.start() + lead


def _values_at(token: str, start: int) -> Iterator[tuple[str, int]]:
    """A token without the brackets and stops of the sentence around it; several where commas glue them."""
    at = 0
    for part in token.split(",") if "://" not in token and "[:" not in token else [token]:
        peeled, skip = _peeled(part)
        if len(peeled) >= 4:
            yield peeled, start + at + skip
        at += len(part) + 1


def _peeled(token: str) -> tuple[str, int]:
    skip = 0
    glued = _GLUED.match(token)
    if glued:
        skip, token = glued.end(), token[glued.end() :]
    for _ in range(6):
        before = token
        token = token.rstrip(_TRAILING)
        for opening, closing in ("()", "[]", "{}"):
            if token.endswith(closing) and token.count(closing) > token.count(opening):
                token = token[:-1]
            elif token.startswith(opening) and token.endswith(closing) and _wraps(token, opening, closing):
                token, skip = token[1:-1], skip + 1
            elif token.startswith(opening) and token.count(opening) > token.count(closing):
                token, skip = token[1:], skip + 1
        while token[:1] in ("*", "-", "–", "—", "•", "~", "=", ":"):
            token, skip = token[1:], skip + 1
        if token == before:
            break
    return token, skip


def _wraps(token: str, opening: str, closing: str) -> bool:
    depth = 0
    for number, one in enumerate(token):
        depth += (one == opening) - (one == closing)
        if depth == 0:
            return number == len(token) - 1
    return False


def _found(token: str, start: int, text: str, sentences: tuple[Sentence, ...], is_listed: Listed) -> Iterator[Finding]:
    for match in _HEX.finditer(token):
        value = digest(match[0])
        if len(value) in _HASHES and len(set(value)) > 4:
            reason = "the hash of an empty file" if value in _EMPTY else is_listed("hash", value)
            verdict = Verdict.SUPPRESSED if reason else Verdict.PROPOSED
            at = start + match.start()
            yield Finding(
                _HASHES[len(value)],
                value,
                match[0],
                False,
                at,
                at + len(match[0]),
                around(sentences, at),
                verdict,
                reason,
            )
    plain = refanged(_SPACED.sub(_unspaced, token))
    if _HEX.fullmatch(plain):
        return
    defanged = plain != token
    found = _value(plain, defanged)
    if found is None:
        return
    verdict, reason = _verdict(found, defanged, text[max(0, start - 24) : start], is_listed)
    yield Finding(
        found.kind,
        found.value,
        token[:512],
        defanged,
        start,
        start + len(token),
        around(sentences, start),
        verdict,
        reason,
    )


def _unspaced(found: re.Match[str]) -> str:
    return f"[{found[1].lower()}]"


def _value(plain: str, defanged: bool) -> _Value | None:
    """What a refanged token is. Strict: a name needs letters at its end, an address four whole numbers."""
    if _SCHEME.match(plain) or "://" in plain[:12]:
        return _url(plain)
    address, slash, rest = plain.partition("/")
    name, colon, port = address.partition(":")
    if _DOTTED.fullmatch(name) and (not colon or port.isdecimal()):
        return _addressed(plain, name, rest if slash else "", port, slash)
    if plain.count(":") > 1:
        return _six(plain)
    if "@" in plain:
        mail = one_way(Kind.EMAIL, plain.removeprefix("mailto:"))
        return _Value("email", mail) if mail and "." in mail.rpartition("@")[2] else None
    return _named(plain, name, rest if slash else "", defanged)


def _url(plain: str) -> _Value | None:
    url = one_way(Kind.URL, plain)
    return _Value("url", url) if url and host(url) is not None else None


def _six(plain: str) -> _Value | None:
    try:
        return _Value("ip", str(ip_address(plain.strip("[]"))))
    except ValueError:
        return None


def _named(plain: str, name: str, rest: str, defanged: bool) -> _Value | None:
    """A name, or a name with a path that somebody defanged."""
    domain = one_way(Kind.DOMAIN, name)
    last = domain.rpartition(".")[2] if domain else ""
    if not domain or "." not in domain or len(last) < 2 or not (last.isalpha() or last.startswith("xn--")):
        return None
    if defanged:
        return _url(f"http://{plain}") if "/" in plain else _Value("domain", domain)
    is_name = last not in _FILES and len(domain) >= 6 and name.isascii() and not rest
    return _Value("domain", domain) if is_name else None


def _addressed(plain: str, name: str, rest: str, port: str, slash: str) -> _Value | None:
    try:
        if slash and rest.isdecimal() and not port:
            network = ip_network(plain, strict=False)
            return _Value("network", str(network)) if network.prefixlen < 32 else _Value("ip", name)
        address = str(ip_address(name))
    except ValueError:
        return None
    return _url(f"http://{plain}") if slash and rest else _Value("ip", address)


def _verdict(found: _Value, defanged: bool, before: str, is_listed: Listed) -> tuple[Verdict, str]:
    if found.kind == "email":
        return Verdict.REFERENCE, "a mailbox is a person's: it goes by the door for persons"
    if found.kind in ("ip", "network"):
        first = found.value.partition("/")[0]
        if not defanged and _VERSION.search(before):
            return Verdict.SUPPRESSED, "the words before it say that it is a version"
        if not is_public(first):
            return Verdict.SUPPRESSED, "no address of the public Internet"
    reason = is_listed("ip" if found.kind == "network" else found.kind, found.value)
    if reason:
        return Verdict.SUPPRESSED, reason
    return (Verdict.PROPOSED, "") if defanged else (Verdict.REFERENCE, "not defanged: the text points at it")
