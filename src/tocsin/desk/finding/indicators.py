"""Values that indicators could be made of: addresses, names, URLs, hashes, e-mail addresses, and whether they were defanged.

A writer who defangs a value says that it is bad; a value that is not defanged is a reference. Only defanged values and hashes
are proposed. What is suppressed is shown with the reason, since a value that vanishes silently is taken for a defect.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple

from msgspec.structs import replace

from tocsin.desk.document import Finding, Sentence, Verdict
from tocsin.desk.finding.topdomains import FILE_ENDINGS, TOP_DOMAINS
from tocsin.formats import values
from tocsin.formats.values import Kind

Deny = Callable[[Kind, str], str]
"""The name of the list that has a value, empty if none has it."""

_DOT: Final = (
    r"(?:\[\s?(?:\.|dot|punkt|point)\s?\]|\(\s?(?:\.|dot)\s?\)|\{\s?(?:\.|dot)\s?\}|<\.>|\[\.|\.\]|\\\.|\[,\]|\.)"
)
_AT: Final = r"(?:\[\s?(?:@|at)\s?\]|\(\s?(?:@|at)\s?\)|\{(?:@|at)\}|@)"
_COLON: Final = r"(?:\[:\]|\(:\)|:)"
_LABEL: Final = r"[a-z0-9_\u00a1-\uffdc](?:[a-z0-9_\u00a1-\uffdc-]{0,61}[a-z0-9_\u00a1-\uffdc])?"
_HOST: Final = rf"(?:{_LABEL}{_DOT}){{1,10}}(?:[a-z\u00a1-\uffdc]{{2,24}}|xn--[a-z0-9-]{{2,59}})"
_OCTET: Final = r"(?:0x[0-9a-f]{1,2}|\d{1,3})"
_OCTETS: Final = rf"(?:{_OCTET}{_DOT}){{3}}{_OCTET}"
_PORT: Final = rf"(?:{_COLON}\d{{1,5}})?"
_REST: Final = r"[^\s<>\"“”«»`|\u0600-\u06ff]*"
_FANGED: Final = re.compile(
    r"\[\s?(?:\.|dot|punkt|point|@|at|:|://|,)\s?\]|\(\s?(?:\.|dot|@|at|:)\s?\)|\{\s?(?:\.|dot|@|at)\s?\}|<\.>|\[\.|\.\]|\\\.|\[//\]",
    re.IGNORECASE,
)
_SCHEME: Final = r"(?:h(?:xx|tt|\*\*|__|tx|xt)p(?:s|\[s\])?|s?ftp|fxps?|wss?)"
_FORMS: Final = (
    ("url", re.compile(rf"(?<![a-z0-9]){_SCHEME}\s?(?:{_COLON}|\[://\]|\[:)(?:/{{1,2}}|\\{{2}}|\[//\]|//\])?(?:[\w.+-]{{1,64}}{_AT})?\[?(?:{_OCTETS}|{_HOST}|[a-f0-9:]{{4,39}}\]){_REST}", re.IGNORECASE)),
    ("email", re.compile(rf"(?<![\w.+-])[\w.+-]{{1,64}}\s?{_AT}\s?{_HOST}(?![\w-])", re.IGNORECASE)),
    ("url", re.compile(rf"(?<![\w@.\-/\\\]])(?:{_OCTETS}|{_HOST}){_PORT}/(?!\d{{1,2}}(?!\d)(?=[\s,;)]|$)){_REST}", re.IGNORECASE)),
    ("ip", re.compile(rf"(?<![\w.\-]){_OCTETS}(?:/\d{{1,2}})?(?![\w]|{_DOT}\d)", re.IGNORECASE)),
    ("ip", re.compile(rf"(?<![\w:.\]])(?:[a-f0-9]{{1,4}}{_COLON}{{1,2}}){{2,7}}(?:[a-f0-9]{{1,4}})?(?:/\d{{1,3}})?(?![\w:])", re.IGNORECASE)),
    ("domain", re.compile(rf"(?<![\w@.\-/\\\]]){_HOST}(?![\w@]|-\w|{_DOT}\w)", re.IGNORECASE)),
    ("hash", re.compile(r"(?<![0-9a-z])(?:[0-9a-f]{128}|[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})(?![0-9a-z])", re.IGNORECASE)),
)  # fmt: skip
_HASHES: Final = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_TRAILING: Final = ".,;:!?'’*"
_VERSION: Final = re.compile(r"(?:\bv|version|release|build|firmware|update|\bver\.?)\s*$", re.IGNORECASE)
_RESERVED: Final = frozenset({"example", "test", "invalid", "localhost", "local", "internal", "onion-example"})
_DOCUMENTED: Final = frozenset({"example.com", "example.net", "example.org"})
_MOST: Final = 20_000


class _Raw(NamedTuple):
    kind: str
    start: int
    end: int
    text: str


def nobody(kind: Kind, value: str) -> str:
    """A deny-list that has nothing."""
    del kind, value
    return ""


def refang(text: str) -> str:
    """What a defanged text stands for. Doing it twice changes nothing more."""
    made = re.sub(
        r"\[\.(?!\])|(?<!\[)\.\]|<\.>|\[,\]|\[\s?(?:\.|dot|punkt|point)\s?\]|\(\s?(?:\.|dot)\s?\)|\{\s?(?:\.|dot)\s?\}|\\\.",
        ".",
        text,
        flags=re.IGNORECASE,
    )
    made = re.sub(r"\s?(?:\[\s?(?:@|at)\s?\]|\(\s?(?:@|at)\s?\)|\{(?:@|at)\})\s?", "@", made, flags=re.IGNORECASE)
    made = re.sub(r"\[:\]|\(:\)", ":", made)
    made = (
        re.sub(r"\[://\]|\[:(?=//)", "://" if "[://]" in made else ":", made).replace("[//]", "//").replace("//]", "//")
    )
    scheme = re.match(r"(?i)(h(?:xx|tt|\*\*|__|tx|xt)p|fxp|s?ftp|wss?)(s|\[s\])?\s?:(?:/{1,2}|\\{2})?", made)
    if scheme:
        name = "http" if scheme[1][:1] in "hH" else scheme[1].lower().replace("fxp", "ftp")
        made = f"{name}{'s' if scheme[2] else ''}://{made[scheme.end() :]}"
    return made


def is_defanged(raw: str) -> bool:
    """Whether a value was written so that nobody follows it by mistake."""
    return _FANGED.search(raw) is not None or re.match(r"(?i)h(?:xx|\*\*|__|tx|xt)ps?|fxp", raw) is not None


def findings_in(text: str, sentences: Sequence[Sentence], deny: Deny = nobody) -> tuple[Finding, ...]:
    """Every value in a text, each where it first stands; a defanged writing goes before a plain one."""
    starts = [one.start for one in sentences]
    made: dict[tuple[str, str], Finding] = {}
    for raw in sorted(_raws(text), key=lambda one: one.start):
        finding = _finding(raw, text, deny)
        if finding is None:
            continue
        at = bisect_right(starts, raw.start) - 1
        sentence = sentences[at].text[:600] if at >= 0 else ""
        known = made.get((finding.kind, finding.value))
        if known is None or (finding.defanged and not known.defanged):
            made[finding.kind, finding.value] = replace(finding, sentence=sentence)
    return tuple(sorted(made.values(), key=lambda one: one.start))


def _raws(text: str) -> Iterator[_Raw]:
    """What looks like a value; where two overlap, the form that is tried first."""
    taken: list[tuple[int, int]] = []
    count = 0
    for kind, form in _FORMS:
        fresh: list[tuple[int, int]] = []
        for found in form.finditer(text):
            at = bisect_right(taken, (found.start(), len(text)))
            before = taken[at - 1] if at else (0, 0)
            after = taken[at] if at < len(taken) else (len(text) + 1, 0)
            is_taken = before[1] > found.start() or after[0] < found.end()
            if is_taken and not (kind == "hash" and _is_segment(text, before, found)):
                continue
            raw = _trimmed(found[0])
            fresh.append((found.start(), found.start() + len(raw)))
            yield _Raw(kind, found.start(), found.start() + len(raw), raw)
            count += 1
            if count >= _MOST:
                return
        taken = sorted(taken + fresh)


def _is_segment(text: str, around: tuple[int, int], found: re.Match[str]) -> bool:
    """A hash that is a whole segment of an address people are referred to: the page of an analysis service."""
    whole = text[around[0] : around[1]]
    return (
        around[1] >= found.end()
        and text[found.start() - 1] == "/"
        and text[found.end() : found.end() + 1] in ("", "/", " ", "\n", ")")
        and not is_defanged(whole)
    )


def _trimmed(raw: str) -> str:
    """Without the punctuation of the sentence around it, and without brackets that it did not open."""
    while raw:
        last = raw[-1]
        if (
            last in _TRAILING
            or (last == ")" and raw.count("(") < raw.count(")"))
            or (last == "]" and raw.count("[") < raw.count("]"))
            or (last == "}" and raw.count("{") < raw.count("}"))
        ):
            raw = raw[:-1]
        elif raw.endswith(("[.", "(.")):
            raw = raw[:-2]
        else:
            break
    return raw


def _finding(raw: _Raw, text: str, deny: Deny) -> Finding | None:
    defanged = is_defanged(raw.text)
    plain = refang(raw.text)
    kind, value = raw.kind, ""
    if kind == "hash":
        kind, value = _HASHES[len(plain)], plain.lower()
    elif kind == "ip":
        kind, value = _address(plain)
    elif kind == "domain":
        value = values.name(plain.lower())
        if not defanged and not _is_name(value):
            return _a_file(raw, value)
    elif kind == "email":
        value = values.mailbox(plain)[0]
    else:
        value = _url(plain, defanged)
    if not value:
        return None
    verdict, reason = _judged(kind, value, defanged, text[max(raw.start - 12, 0) : raw.start], deny)
    return Finding(kind, value, raw.text, defanged, raw.start, raw.end, "", verdict, reason)


def _address(plain: str) -> tuple[str, str]:
    try:
        if "/" in plain:
            network = ip_network(plain, strict=False)
            return (
                ("network", str(network))
                if network.prefixlen < network.max_prefixlen
                else ("ip", str(network.network_address))
            )
        return "ip", str(ip_address(plain))
    except ValueError:
        return "ip", ""


def _is_name(value: str) -> bool:
    return value.rpartition(".")[2] in TOP_DOMAINS


def _a_file(raw: _Raw, value: str) -> Finding | None:
    """A name like "invoice.js" is a file's; it is told so that nobody wonders."""
    if value.rpartition(".")[2] in FILE_ENDINGS:
        return Finding("domain", value, raw.text, False, raw.start, raw.end, "", Verdict.SUPPRESSED, "a file's name")
    return None


def _url(plain: str, defanged: bool) -> str:
    host = values.host(plain)
    if host is None:
        return ""
    name = host.text.lower()
    is_address = bool(values.spans(name)) if name[:1].isdigit() or ":" in name else False
    if "://" not in plain and not defanged and not is_address and not _is_name(name):
        return ""  # "and/or", "read.me/first"
    if "://" not in plain:
        plain = f"http://{plain}"
    scheme, _, rest = plain.partition("://")
    place, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{place.lower()}{slash}{path}"[: values.LONGEST]


def _judged(kind: str, value: str, defanged: bool, before: str, deny: Deny) -> tuple[Verdict, str]:
    reason = _suppressed(kind, value, defanged, before) or _denied(kind, value, deny)
    if reason:
        return Verdict.SUPPRESSED, reason
    if kind == "email":
        return Verdict.REFERENCE, "an address may be a person's: it goes through the door for persons"
    if defanged or kind in _HASHES.values():
        return Verdict.PROPOSED, "defanged" if defanged else "a hash"
    return Verdict.REFERENCE, "not defanged"


def _suppressed(kind: str, value: str, defanged: bool, before: str) -> str:
    if kind in ("ip", "network"):
        network = ip_network(value, strict=False)
        if not network.is_global or network.is_multicast:
            return "a private, reserved or documentation address"
        if not defanged and _VERSION.search(before):
            return "a version number"
        return "a network broader than /16" if network.version == 4 and network.prefixlen < 16 else ""
    if kind in ("md5", "sha1", "sha256", "sha512"):
        return "no hash: too few different characters" if len(set(value)) < 6 else ""
    host = values.host(value) if kind == "url" else None
    name = host.text.lower() if host else value.rpartition("@")[2]
    if name.rpartition(".")[2] in _RESERVED or any(name == one or name.endswith(f".{one}") for one in _DOCUMENTED):
        return "a name reserved for examples"
    if host is not None and name[:1].isdigit() and (spans := values.spans(name)):
        inside = [ip_address(one.first) for one in spans if one.version == 4]
        if inside and not any(one.is_global for one in inside):
            return "a private, reserved or documentation address"
    return "a file's name" if kind == "domain" and not defanged and name.rpartition(".")[2] in FILE_ENDINGS else ""


def _denied(kind: str, value: str, deny: Deny) -> str:
    asked = {"network": Kind.IP, "md5": Kind.HASH, "sha1": Kind.HASH, "sha256": Kind.HASH, "sha512": Kind.HASH}.get(
        kind
    )
    found = deny(asked or Kind(kind), value)
    return f"on the list {found}" if found else ""
