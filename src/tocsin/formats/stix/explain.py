"""From a breach of the compiled description to words: where, which rule, and never what stood there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NoReturn

from jsonschema_rs import ValidationError

from tocsin.errors import FormatError
from tocsin.formats.stix.catalogue import Compiled, vocabulary
from tocsin.formats.stix.kinds import Kind, Record
from tocsin.formats.stix.properties import Extensions

_CUSTOM_NAME = re.compile(r"x_[a-z0-9_]{1,62}")


def where(steps: Iterable[str | int]) -> str:
    """A JSON path, `$.external_references[0].url`. Names the standard does not have may be content: they become `*`,
    save short ones in the style of custom properties (`x_...`), which an author needs to find the place.
    """
    known = vocabulary()
    text = "$"
    for step in steps:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if step in known or _CUSTOM_NAME.fullmatch(step) else ".*"
    return text


def refuse(steps: Iterable[str | int], what: str, code: str = "format.stix") -> NoReturn:
    """Raise the refusal of what stands at `steps`."""
    raise FormatError(code, f"{where(steps)}: {what}")


def refuse_breach(compiled: Compiled, value: Mapping[str, Any], inside: tuple[str, ...] = ()) -> NoReturn:
    """Raise the refusal of an object that the validator of its type does not take."""
    error = _first_breach(compiled, value)
    steps = [*inside, *error.instance_path]
    record, rule = compiled.described.record, list(error.schema_path)
    kind, condition = _broken(record, rule)
    if condition:
        refuse(steps, condition, kind.code)
    missing = getattr(error.kind, "property", None) if rule[-1] == "required" else None
    if missing and not compiled.described.name and "created" not in value:
        refuse(steps, "is of a type the standard does not have, and no extension declares it as new-sco", kind.code)
    if missing == "spec_version":
        refuse(steps, "has no spec_version, so it is STIX 2.0; only STIX 2.1 is exchanged", kind.code)
    if missing:
        refuse(steps, f"needs the property {missing}", kind.code)
    if rule[-2:] == ["spec_version", "enum"]:
        refuse(steps, 'must be "2.1"; only STIX 2.1 is exchanged', kind.code)
    refuse(steps, f"must be {kind.says}", kind.code)


def _first_breach(compiled: Compiled, value: Mapping[str, Any]) -> ValidationError:
    try:
        compiled.validator.validate(value)  # stops at the first; the list of all may be as long as the object
    except ValidationError as error:
        return error
    raise RuntimeError("asked to explain a breach in an object that has none")


def _broken(kind: Kind, rule: Sequence[str | int]) -> tuple[Kind, str]:
    """Follow the path inside the schema back to the description: the kind, or the words of a condition of a record."""
    words = iter(rule)
    for word in words:
        if word == "allOf" and isinstance(kind, Record):
            return kind, kind.conditions[int(next(words))].says
        if word == "properties":
            deeper = kind.inside(next(words))
        elif word == "items":
            deeper = kind.inside(0)
        elif word == "additionalProperties":
            deeper = kind.inside("")
        elif word == "patternProperties" and isinstance(kind, Extensions):
            deeper = kind.inside(str(next(words)).strip("^"))
        else:
            break
        if deeper is None:
            break
        kind = deeper
    return kind, ""
