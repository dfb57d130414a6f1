"""STIX against independent oracles: the OASIS validator and schemas, the OASIS pattern parser, and any JSON at all."""

import copy
import functools
import json
import random
import warnings
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stix2patterns.test.v21 import test_validator as oasis
from stix2patterns.validator import validate as oasis_takes_pattern

from tocsin.errors import MEANINGS, FormatError
from tocsin.formats.stix import patterns
from tocsin.formats.stix.catalogue import TYPES
from tocsin.formats.stix.check import check, check_value

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "stix"
BORDERLINE = json.loads((VECTORS / "borderline.json").read_text(encoding="utf-8"))
VALID = [
    item
    for name in ("domain_objects", "observables")
    for item in json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"))
]
MUTANTS = 120

# What the oracle refuses and we take: it holds a copy of a registry that grows, where we ask for the form only.
REGISTRIES = (
    "RFC 5646 language code",
    "must be an IANA registered",
    "invalid ISO 639-2 language",
    "must be an RFC 5646 code",
)


@pytest.fixture(scope="module")
def oracle_says():
    """Whether the oracle takes a value, and its reasons. Where it breaks down, it does not take it.

    It takes seconds to load, and reads its schemas from disk for each object; here it reads each of them once.
    """
    import stix2validator
    from stix2validator import validator as oracle

    options = stix2validator.ValidationOptions(version="2.1", silent=True)
    broken = (AttributeError, KeyError, TypeError, ValueError, IndexError, stix2validator.ValidationError)

    def says(value):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                result = stix2validator.validate_instance(value, options)
            except broken as error:
                return False, [repr(error)]
        return result.is_valid, [str(error) for error in result.errors]

    kept = {name: getattr(oracle, name) for name in ("find_schema", "load_schema", "load_validator")}
    oracle.find_schema = functools.cache(kept["find_schema"])
    oracle.load_schema = functools.cache(kept["load_schema"])
    oracle.load_validator = _by_path(kept["load_validator"])
    yield says
    for name, function in kept.items():
        setattr(oracle, name, function)


def _by_path(load):
    validators = {}

    def loaded(path, schema, folder):
        if path not in validators:
            validators[path] = load(path, schema, folder)
        return validators[path]

    return loaded


def we_take(value):
    try:
        check_value(copy.deepcopy(value))
    except FormatError:
        return False
    return True


@pytest.mark.slow
def test_oracle_agrees_on_all_valid_samples(oracle_says):
    assert [reasons for taken, reasons in map(oracle_says, VALID) if not taken] == []


@pytest.mark.slow
def test_borderline_corpus_says_where_the_oracle_differs(oracle_says):
    told = {item["case"]: item.get("oracle", not item["code"]) for item in BORDERLINE}
    assert {item["case"]: oracle_says(item["object"])[0] for item in BORDERLINE} == told


VALUES = (
    None,
    "",
    0,
    1.5,
    -1,
    10**12,
    True,
    [],
    {},
    [""],
    ["a", "b"],
    {"a": 1},
    "x",
    "not an id",
    "identity--not-a-uuid",
    "2026-02-30T00:00:00.000Z",
    "2026-13-01T00:00:00Z",
    "2026-01-01 00:00:00",
    "2020-01-01T00:00:00.000Z",
    "2027-01-01T00:00:00.000Z",
    "malware--11111111-2222-4333-8444-000000000001",
    "identity--11111111-2222-4333-8444-000000000001",
    "marking-definition--11111111-2222-4333-8444-000000000001",
)
NAMES = (
    "Bad Name",
    "x",
    "X_UPPER",
    "1abc",
    "x_ok_name",
    "x_some_hex",
    "x_some_bin",
    "severity",
    "created_by_ref",
    "id",
    "spec_version",
    "extensions",
    "revoked",
    "object_marking_refs",
    "confidence",
    "lang",
)


def places(value, path=()):
    if path:
        yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def mutated(chance, value):
    """One thing changed somewhere: dropped, replaced, renamed, or added."""
    value = copy.deepcopy(value)
    *outer, last = chance.choice(list(places(value)))
    parent = functools.reduce(lambda inside, step: inside[step], outer, value)
    how = chance.choice(("drop", "set", "set", "set", "add", "rename"))
    if how == "drop":
        del parent[last]
    elif how == "set" or not isinstance(parent, dict):
        parent[last] = chance.choice(VALUES)
    elif how == "add":
        parent[chance.choice(NAMES)] = chance.choice(VALUES)
    else:
        parent[chance.choice(NAMES)] = parent.pop(last)
    return value


@pytest.mark.slow
def test_what_the_oracle_refuses_we_refuse(oracle_says):
    chance = random.Random(2026)
    agreed = {True: 0, False: 0}
    missed = []
    for _ in range(MUTANTS):
        value = mutated(chance, chance.choice(VALID))
        taken, reasons = oracle_says(value)
        if taken or not we_take(value):
            agreed[taken] += 1
        elif not all(any(registry in reason for registry in REGISTRIES) for reason in reasons):
            missed.append((value, reasons))
    assert missed == []
    assert min(agreed.values()) > MUTANTS // 20


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_required_property_is_required(name):
    smallest = next(item for item in VALID if item["type"] == name)
    for key in TYPES[name].record.required:
        left = {other: value for other, value in smallest.items() if other != key}
        assert not we_take(left), key


def pattern_verdicts(text):
    """(ours, the oracle's); None where the oracle breaks down."""
    try:
        patterns.validate(text)
        ours = True
    except FormatError:
        ours = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = bool(oasis_takes_pattern(text, stix_version="2.1"))
    except (AttributeError, UnboundLocalError, RecursionError):  # as on [file:x[-1] = 1]
        theirs = None
    return ours, theirs


PIECES = (
    *"[]()=.,:*'\"-/",
    " AND ",
    " OR ",
    " NOT ",
    " IN ",
    " EXISTS ",
    " FOLLOWEDBY ",
    " REPEATS 2 TIMES",
    " WITHIN 5 SECONDS",
    " START t'2020-01-01T00:00:00Z' STOP t'2021-01-01T00:00:00Z'",
    "file:x = 1",
    "'a'",
    "-1",
    "1.5",
    "true",
    "h'00'",
    "b'AA=='",
    "//",
    "/*",
    "*/",
    "é",
)


@pytest.mark.slow
@settings(max_examples=80)
@given(
    base=st.sampled_from([*oasis.PASS_CASES, *oasis.SPEC_CASES, "[EXISTS a:b]", "[file:x IN (1, 'a')]"]),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(("", *PIECES))), max_size=2),
)
def test_the_pattern_oracle_agrees(base, changes):
    text = base
    for at, gone, piece in changes:
        text = text[:at] + piece + text[at + gone :]
    ours, theirs = pattern_verdicts(text)
    assert theirs is None or ours == theirs


@settings(max_examples=100)
@given(st.text(alphabet="ab:=.'[]() \\1-tINOR", max_size=40))
def test_the_short_way_for_patterns_takes_only_what_the_parser_takes(inside):
    text = f"[file:name = '{inside}]"
    try:
        patterns.validate(text)
    except FormatError as error:
        assert error.code == "format.stix-pattern"
        return
    patterns._Parser(text).pattern()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=120)
@given(base=st.sampled_from(VALID), key=st.sampled_from(sorted({key for item in VALID for key in item})), value=JSON)
def test_any_value_anywhere_gives_an_object_or_a_format_error(base, key, value):
    try:
        assert check(orjson.dumps({**base, key: value})).id
    except FormatError as error:
        assert error.code in MEANINGS


@settings(max_examples=60)
@given(JSON)
def test_any_json_gives_an_object_or_a_format_error(value):
    with pytest.raises(FormatError) as caught:
        check(orjson.dumps(value))
    assert caught.value.code.startswith("format.")
