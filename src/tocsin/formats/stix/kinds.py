"""Kinds of values in STIX 2.1 (part 2 of the standard, "Common Data Types"), as plain data.

A kind says in words what it asks for (`says`, it completes "must be ..."), which error code a breach has, and gives a
JSON Schema (draft 2020-12) for the compiled validator. Nothing here knows an object type.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]

UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}"
TYPE_IN_ID = r"[a-z][a-z0-9-]+[a-z0-9]"
DICTIONARY_KEY = r"^[a-zA-Z0-9_-]{0,250}$"

# A real instant: the day exists in its month and year, the year is not 0000, no second 60 (no reader could compare it).
_YEAR = r"(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"  # 4, not 100 unless 400
_DATE = (
    rf"(?:{_YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rf"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP}-02-29)"
)
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"


class Kind:
    """What a value must be."""

    __slots__ = ()
    says: str
    code: str

    def schema(self, *, contained: bool = False) -> Schema:
        """The JSON Schema of this kind; `contained`: inside the deprecated `objects` of observed-data, where a
        reference is the key of a neighbour and not an id.
        """
        raise NotImplementedError  # every kind below says its own

    def inside(self, _step: str | int) -> "Kind | None":
        """The kind of what lies one step deeper, None where the standard says nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Text(Kind):
    """A string: of a pattern (anchored, linear), of a JSON Schema format, or one of a closed list."""

    says: str = "a string"
    pattern: str = ""
    format: str = ""
    choices: tuple[str, ...] = ()
    to: tuple[str, ...] = ()  # a reference: the types it may point to
    refused: str = ""  # a pattern it must not match
    longest: int = 0  # code points, 0 for any number
    reference: bool = False
    code: str = "format.stix"

    def schema(self, *, contained: bool = False) -> Schema:
        """See Kind."""
        if self.choices:
            return {"enum": list(self.choices)}
        schema: Schema = {"type": "string"}
        if self.pattern and not (contained and self.reference):
            schema["pattern"] = self.pattern
        if self.longest:
            schema["maxLength"] = self.longest
        if self.refused:
            schema["not"] = {"pattern": self.refused}
        if self.format:
            schema["format"] = self.format
        return schema


@dataclass(frozen=True, slots=True)
class Number(Kind):
    """A number, or a whole number (1.0 is one, as in JSON Schema), within limits."""

    says: str
    whole: bool = True
    least: int | None = None
    most: int | None = None
    code: str = "format.stix"

    def schema(self, **_contained: bool) -> Schema:
        """See Kind."""
        schema: Schema = {"type": "integer" if self.whole else "number"}
        if self.least is not None:
            schema["minimum"] = self.least
        if self.most is not None:
            schema["maximum"] = self.most
        return schema


@dataclass(frozen=True, slots=True)
class Exactly(Kind):
    """True or false, or only one of them."""

    says: str = "true or false"
    only: bool | None = None
    code: str = "format.stix"

    def schema(self, **_contained: bool) -> Schema:
        """See Kind."""
        return {"type": "boolean"} if self.only is None else {"const": self.only}


@dataclass(frozen=True, slots=True)
class Anything(Kind):
    """Any JSON value except null and the empty list, which STIX does not have."""

    says: str = "a JSON value that is neither null nor an empty list"
    code: str = "format.stix"

    def schema(self, **_contained: bool) -> Schema:
        """See Kind."""
        return {"type": ["string", "number", "boolean", "object", "array"], "minItems": 1}


@dataclass(frozen=True, slots=True)
class Either(Kind):
    """One of several kinds."""

    says: str
    kinds: tuple[Kind, ...]
    code: str = "format.stix"

    def schema(self, *, contained: bool = False) -> Schema:
        """See Kind."""
        return {"anyOf": [kind.schema(contained=contained) for kind in self.kinds]}


@dataclass(frozen=True, slots=True)
class ListOf(Kind):
    """A list that is not empty, all of one kind."""

    item: Kind
    least: int = 1
    contains: str = ""
    says: str = "a list that is not empty"
    code: str = "format.stix"

    def schema(self, *, contained: bool = False) -> Schema:
        """See Kind."""
        schema: Schema = {"type": "array", "minItems": self.least, "items": self.item.schema(contained=contained)}
        if self.contains:
            schema["contains"] = {"const": self.contains}
        return schema

    def inside(self, step: str | int) -> Kind | None:
        """See Kind."""
        return self.item if isinstance(step, int) else None


@dataclass(frozen=True, slots=True)
class MapOf(Kind):
    """A dictionary that is not empty: keys of a pattern, values of one kind, some keys of their own."""

    values: Kind
    keys: str = DICTIONARY_KEY
    named: Mapping[str, Kind] | None = None
    never: tuple[str, ...] = ()  # not all keys are of these
    says: str = "a dictionary that is not empty, its keys of the characters a-z, A-Z, 0-9, _ and -"
    code: str = "format.stix"

    def schema(self, *, contained: bool = False) -> Schema:
        """See Kind."""
        schema: Schema = {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": self.values.schema(contained=contained),
        }
        if self.keys:
            schema["propertyNames"] = {"pattern": self.keys}
        if self.never:
            schema["not"] = {"propertyNames": {"enum": list(self.never)}}
        if self.named:
            schema["properties"] = {key: kind.schema(contained=contained) for key, kind in self.named.items()}
        return schema

    def inside(self, step: str | int) -> Kind | None:
        """See Kind."""
        return (self.named or {}).get(str(step), self.values)


@dataclass(frozen=True, slots=True)
class Condition:
    """A rule between properties. If `when` is there (and of the kind `being`), then one of the groups `some` is there
    as a whole, none of `never` is, and those in `then` are of their kind. Without `when` it always holds.
    """

    says: str
    when: str = ""
    being: Kind | None = None
    some: tuple[tuple[str, ...], ...] = ()
    never: tuple[str, ...] = ()
    then: tuple[tuple[str, Kind], ...] = ()

    def schema(self) -> Schema:
        """The rule as a JSON Schema."""
        rule: Schema = {}
        if len(self.some) == 1:
            rule["required"] = list(self.some[0])
        elif self.some:
            rule["anyOf"] = [{"required": list(group)} for group in self.some]
        if self.never:
            rule["not"] = {"anyOf": [{"required": [name]} for name in self.never]}
        if self.then:
            rule["properties"] = {name: kind.schema() for name, kind in self.then}
        if not self.when:
            return rule
        condition: Schema = {"required": [self.when]}
        if self.being:
            condition["properties"] = {self.when: self.being.schema()}
        return {"if": condition, "then": rule}


@dataclass(frozen=True, slots=True)
class Record(Kind):
    """An object with named properties; what the standard does not name stays allowed unless `closed`."""

    properties: Mapping[str, Kind]
    required: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    closed: bool = False
    least: int = 0
    rest: Kind | None = None
    says: str = "an object with the properties of the standard"
    code: str = "format.stix"

    def schema(self, *, contained: bool = False) -> Schema:
        """See Kind."""
        schema: Schema = {
            "type": "object",
            "properties": {name: kind.schema(contained=contained) for name, kind in self.properties.items()},
        }
        if self.required:
            schema["required"] = list(self.required)
        if self.conditions:
            schema["allOf"] = [condition.schema() for condition in self.conditions]
        if self.least:
            schema["minProperties"] = self.least
        if self.closed:
            schema["additionalProperties"] = False
        elif self.rest:
            schema["additionalProperties"] = self.rest.schema(contained=contained)
        return schema

    def inside(self, step: str | int) -> Kind | None:
        """See Kind."""
        return self.properties.get(str(step), self.rest)


def some(*names: str) -> Condition:
    """At least one of these properties."""
    return Condition("needs at least one of: " + ", ".join(names), some=tuple((name,) for name in names))


def time(fraction: str = r"(?:\.[0-9]+)?", words: str = "") -> Text:
    """A timestamp: RFC 3339 in UTC with the letter Z, a real instant."""
    says = f"a real instant in UTC, as 2026-01-31T12:00:00.000Z{words}"
    return Text(says, rf"^{_DATE}T{_CLOCK}{fraction}Z$", code="format.stix-time")


def ref(*types: str, code: str = "format.stix") -> Text:
    """A reference by id, to objects of these types or to any."""
    if not types:
        return Text("an identifier of the form type--UUID", rf"^{TYPE_IN_ID}--{UUID}$", reference=True, code=code)
    names = types[0] if len(types) == 1 else f"(?:{'|'.join(types)})"
    return Text(
        f"the identifier of an object of type {' or '.join(types)}",
        f"^{names}--{UUID}$",
        to=types,
        reference=True,
        code=code,
    )


def whole(least: int | None = None, most: int | None = None) -> Number:
    """A whole number within limits."""
    limits = "" if least is None else f" of at least {least}" if most is None else f" from {least} to {most}"
    return Number(f"a whole number{limits}", least=least, most=most)


def one_of(*choices: str) -> Text:
    """A string of a closed list."""
    return Text("one of: " + ", ".join(choices), choices=choices)


STRING = Text()
STRINGS = ListOf(STRING)
FLAG = Exactly()
TRUE = Exactly("true", only=True)
FALSE = Exactly("false", only=False)
ANY = Anything()
DICTIONARY = MapOf(ANY)
TIME = time()
TIME_MILLIS = time(r"\.[0-9]{3,}", " with at least three digits of a second")
TIME_SECONDS = time("", " without a fraction of a second")
FLOAT = Number("a number", whole=False)
INTEGER = whole()
COUNT = whole(0)
HEX = Text("an even number of hexadecimal digits", r"^(?:[a-fA-F0-9]{2})+$")
BINARY = Text("base64", r"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$")
URL = Text("a URL as RFC 3986 has it", format="uri")
LANGUAGE = Text(
    "a language tag as RFC 5646 has it",
    r"^[a-zA-Z]{2,3}(?:-[a-zA-Z]{3}){0,3}(?:-[a-zA-Z]{4})?(?:-(?:[a-zA-Z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-zA-Z0-9]{5,8}|[0-9][a-zA-Z0-9]{3}))*(?:-[a-wy-zA-WY-Z0-9](?:-[a-zA-Z0-9]{2,8})+)*(?:-x(?:-[a-zA-Z0-9]{1,8})+)?$",
)
