"""Is an object about a person, and does it then say all it must? The narrow door, as docs/persons.md has it.

`about` looks at one object alone and errs on the side of the person: a class that is not known, a property that names
a passport, an account inside another object. `declared` reads the extension "person", strictly: every field, no other.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tocsin.errors import PolicyError
from tocsin.formats import extension
from tocsin.formats.stix.catalogue import vocabulary
from tocsin.formats.tlp import Tlp

PURPOSES: Final = (
    "prevention",  # of a crime or an attack
    "investigation",
    "prosecution",
    "protection",  # of persons or of vital infrastructure
    "search",  # for a missing or wanted person
    "incident-response",
)
CATEGORIES: Final = ("suspect", "convicted", "victim", "witness", "contact")  # EU 2016/680, Art. 6
ASSERTIONS: Final = ("fact", "assessment")  # Art. 7
LEAST: Final = Tlp.AMBER  # at least need-to-know: never CLEAR, never GREEN
LONGEST_DAYS: Final = 366
CARRIERS: Final = ("identity", "threat-actor", "user-account")  # types that a person may be, and relations may join

_DAY_US: Final = 86_400_000_000
_SLACK_DAYS: Final = 1  # keep-until is rounded up to the end of a day
_COLLECTIVE: Final = frozenset(("group", "system", "organization", "organisation", "class"))
_UNSAID: Final = frozenset(("", "unknown", "unspecified"))
_TELLING: Final = ("contact_information", "roles")  # of an identity that does not say what it is
_PERSON_TYPES: Final = re.compile(
    r"(?:^|-)(?:persons?|individuals?|passports?|people|human|identity-(?:card|document)|id-(?:card|document)|"
    r"driving-licen[cs]e|drivers?-licen[cs]e|phone-number|social-security)(?:-|$)"
)
_ACTOR_KINDS: Final = re.compile("individual|person")
_KIND_NAMES: Final = ("resource_level", "x_opencti_type", "entity_type", "x_opencti_entity_type")
# Properties that only a natural person has, without separators: found anywhere in a name that the standard has not.
_KEYS: Final = re.compile(
    "firstname|givenname|lastname|familyname|surname|maidenname|middlename|forename|patronym|"
    "dateofbirth|birthdate|birthday|placeofbirth|birthplace|dateofdeath|"
    "passport|pasaporte|passeport|nationalid|identitycard|identitydocument|iddocument|idcard|socialsecurity|"
    "driverlicen|driverslicen|drivinglicen|licenseplate|homeaddress|privateaddress|personaladdress|"
    "personalemail|privateemail|personalphone|privatephone|mobilephone|mobilenumber|"
    "prenom|nomdefamille|datedenaissance|apellido|fechadenacimiento|nombredepila|"
    "имя|фамили|отчеств|паспорт|датарождения|الاسمالاول|اسمالعائلة|جوازالسفر|تاريخالميلاد"
)
_SHORT_KEYS: Final = re.compile(
    "(?:x?(?:opencti|misp|mitre|tocsin)?)(?:person|individual|subject|identity|holder)?"
    "(?:ssn|dob|gender|sex|nationality|fullname|personname|person|individual|personal)"
)
_ACCOUNT_PATTERN: Final = "user-account"
_WORD: Final = re.compile(r"[^\W_]{2}")
_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "purpose": "person.purpose",
        "legal_basis": "person.legal-basis",
        "category": "person.category",
        "reliability": "person.reliability",
        "credibility": "person.credibility",
        "assertion": "person.assertion",
        "review_date": "person.review-date",
        "neutrality": "person.neutrality",
        "signatories": "person.signatories",
        "necessity": "person.necessity",
    }
)
_FIELDS: Final = frozenset(("extension_type", *_CODES))


class Person(NamedTuple):
    """What the extension says of an object about a person."""

    purpose: str
    legal_basis: str
    category: str
    reliability: str  # A to F, of the source
    credibility: int  # 1 to 6, of the information
    assertion: str  # fact or assessment
    review_us: int  # end of the review day, microseconds since 1970
    neutrality: str
    first: str  # names of the two signatories
    second: str
    necessity: str  # why a special category is told nevertheless; empty: none is


# -- is it about a person ---------------------------------------------------------------------------------------


def about(value: dict[str, Any]) -> str:
    """Why an object is about a person, in one word; empty when nothing says so. Looks at this one object only."""
    if "extensions" in value and extension.of(value, "person") is not None:
        return "declared"
    known = vocabulary()
    waiting: list[Any] = [value]
    while waiting:
        node = waiting.pop()
        if type(node) is dict:
            why = _typed(node)
            if not why and not node.keys() <= known and any(map(_is_telling, node)):
                why = "property"
            if why:
                return why
            waiting += [one for one in node.values() if type(one) is dict or type(one) is list]
        else:
            waiting += [one for one in node if type(one) is dict or type(one) is list]
    return ""


def _typed(node: Mapping[str, Any]) -> str:
    kind = node.get("type")
    if not isinstance(kind, str):
        return ""
    judge = _JUDGES.get(kind)
    if judge is not None:
        return judge(node)
    return "document" if kind not in _PLAIN_TYPES and _PERSON_TYPES.search(_folded(kind)) else ""


def _identity(node: Mapping[str, Any]) -> str:
    said = _folded(node.get("identity_class"))
    if said in _COLLECTIVE:
        return ""
    if said not in _UNSAID:
        return "identity"  # an individual, or a class that nobody knows
    return "identity" if any(node.get(name) for name in _TELLING) else _named_kind(node)


def _named_kind(node: Mapping[str, Any]) -> str:
    return "actor" if any(_ACTOR_KINDS.search(_folded(node.get(name))) for name in _KIND_NAMES) else ""


def _account(node: Mapping[str, Any]) -> str:
    # What a machine logs in with is nobody's, unless it is shown under somebody's name.
    return "" if node.get("is_service_account") is True and not node.get("display_name") else "account"


def _address(node: Mapping[str, Any]) -> str:
    return "address" if "belongs_to_ref" in node else ""


def _pattern(node: Mapping[str, Any]) -> str:
    pattern = node.get("pattern")
    return "account" if isinstance(pattern, str) and _ACCOUNT_PATTERN in pattern.casefold() else ""


_JUDGES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = MappingProxyType(
    {
        "identity": _identity,
        "threat-actor": _named_kind,
        "user-account": _account,
        "email-addr": _address,
        "indicator": _pattern,
    }
)
_PLAIN_TYPES: Final = frozenset(("identity", "bundle"))


@lru_cache(8192)  # names of properties are few, and each object has many
def _is_telling(key: str) -> bool:
    if key in vocabulary():
        return False
    plain = "".join(one for one in _folded(key) if one.isalnum())
    return bool(_KEYS.search(plain) or _SHORT_KEYS.fullmatch(plain))


def _folded(text: Any) -> str:
    """A text as it looks: without case, width, invisible characters and outer space."""
    if not isinstance(text, str):
        return ""
    seen = unicodedata.normalize("NFKC", text)
    return "".join(one for one in seen if unicodedata.category(one) not in ("Cf", "Cc")).strip().casefold()


# -- does it say all it must ------------------------------------------------------------------------------------


def declared(value: Mapping[str, Any], at_us: int) -> Person:
    """The extension "person" of an object handed over at a moment. Raises PolicyError with a code `person.*`."""
    said = extension.of(value, "person")
    if said is None:
        raise PolicyError("person.undeclared", "an object about a person carries no extension that says why")
    if not said.keys() <= _FIELDS:
        raise PolicyError("person.field", "the extension has a field that no reader knows")
    first, second = _signatories(said)
    return Person(
        _one_of(said, "purpose", PURPOSES),
        _text(said, "legal_basis", 8, 256),
        _one_of(said, "category", CATEGORIES),
        _one_of(said, "reliability", "ABCDEF"),
        _grade(said),
        _one_of(said, "assertion", ASSERTIONS),
        _review(said, value, at_us),
        _text(said, "neutrality", 20, 1000),
        first,
        second,
        _text(said, "necessity", 20, 500) if "necessity" in said else "",
    )


def fits(person: Person, marking: int, sent_at: int, keep_until: int) -> str | None:
    """What a receiver holds against the header of an entry about a person: a code, or None."""
    if marking < LEAST:
        return "person.marking"
    longest = sent_at + (LONGEST_DAYS + _SLACK_DAYS) * _DAY_US
    return None if 0 < keep_until <= min(person.review_us, longest) else "person.keep-until"


def _one_of(said: Mapping[str, Any], name: str, allowed: Iterable[str]) -> str:
    found = said.get(name)
    if not isinstance(found, str) or found not in tuple(allowed):
        raise PolicyError(_CODES[name], f"{name} is missing or not one of: {' '.join(allowed)}")
    return found


def _grade(said: Mapping[str, Any]) -> int:
    found = said.get("credibility")
    if type(found) is not int or not 1 <= found <= 6:
        raise PolicyError("person.credibility", "credibility is missing or not a whole number from 1 to 6")
    return found


def _text(said: Mapping[str, Any], name: str, least: int, most: int) -> str:
    found = said.get(name)
    if not isinstance(found, str) or not _is_text(found, least, most):
        raise PolicyError(_CODES[name], f"{name} is missing or not a text of {least} to {most} characters")
    return found


def _is_text(text: str, least: int, most: int) -> bool:
    """Printable, and of words: a row of dots or of one letter says nothing."""
    plain = text.strip()
    return (
        least <= len(plain)
        and len(text) <= most
        and text.replace("\n", " ").isprintable()
        and _WORD.search(plain) is not None
        and len(set(_folded(plain))) > least // 4
    )


def _review(said: Mapping[str, Any], value: Mapping[str, Any], at_us: int) -> int:
    found = said.get("review_date")
    try:
        day = date.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        day = None
    if day is None or day.isoformat() != found:  # ISO 8601 has other forms too, such as 2026-W23-1
        raise PolicyError("person.review-date", "review_date is missing or not a date such as 2027-05-01")
    starts = [date(1970, 1, 1) + timedelta(microseconds=at_us)]
    modified = value.get("modified")
    if isinstance(modified, str):
        starts.append(datetime.fromisoformat(modified).date())
    if day < starts[0] or day > min(starts) + timedelta(days=LONGEST_DAYS):
        raise PolicyError(
            "person.review-date", "review_date has passed, or is more than a year after the object or its sending"
        )
    return ((day - date(1970, 1, 1)).days + 1) * _DAY_US


def _signatories(said: Mapping[str, Any]) -> tuple[str, str]:
    found = said.get("signatories")
    problem = PolicyError(
        "person.signatories", "signatories are two persons, each with a name and a role, and not the same person"
    )
    if not isinstance(found, list) or len(found) != 2:
        raise problem
    for one in found:
        if not isinstance(one, Mapping) or one.keys() != {"name", "role"}:
            raise problem
        if not all(isinstance(text, str) and _is_text(text, 2, 64) for text in one.values()):
            raise problem
    first, second = (one["name"] for one in found)
    if _alike(first) == _alike(second):
        raise problem
    return first, second


def _alike(name: str) -> str:
    return "".join(one for one in _folded(name) if one.isalnum())


# -- special categories -----------------------------------------------------------------------------------------

_UNSCREENED: Final = frozenset(
    ("neutrality", "necessity", "legal_basis", "type", "id", "spec_version", "extension_type")
)


def texts(value: Mapping[str, Any]) -> Iterator[str]:
    """Every text of an object about a person that the screen for special categories reads, names of fields too.

    Not the statement of neutrality, which names what it leaves out.
    """
    known = vocabulary()
    waiting: list[Any] = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, Mapping):
            yield from (key.replace("_", " ") for key in node if key not in known and "--" not in key)
            waiting += [
                one for key, one in node.items() if key not in _UNSCREENED and not key.endswith(("_ref", "_refs"))
            ]
        elif isinstance(node, (list, tuple)):
            waiting += node
