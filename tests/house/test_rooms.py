"""Rooms: each has its card, each table one owner, each error code one meaning that is used."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tocsin import errors
from tocsin.node.tables import TABLES

pytestmark = pytest.mark.xdist_group("house")

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "tocsin"
FILES = sorted(SRC.rglob("*.py"))
ROOMS = sorted(one.parent for one in (SRC / "exchange").glob("*/__init__.py"))
TABLE = re.compile(r"\b((?:tlog|journal|members|deliver|receive|publish|match|warn|fairness|forum|edge)_[a-z_]+)\b")
MADE = re.compile(r"CREATE TABLE IF NOT EXISTS ([a-z_]+)")
READERS = ("node/fsck.py", "node/doctor.py")


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_each_room_has_its_card(room):
    card = ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8")))
    assert card.lower().startswith(room.name + ":")
    for word in ("Owns:", "Reads:", "Gives:", "Never:"):
        assert card.count(word) == 1, word


def made_tables():
    return {name for tables in TABLES for name in MADE.findall(tables)}


def room_of(path):
    parts = path.relative_to(SRC).parts
    return "/".join(parts[:2]) if parts[0] in ("exchange", "edge") and len(parts) > 2 else "/".join(parts[:-1] or parts)


@pytest.mark.slow
def test_each_table_is_named_in_its_owners_room_only():
    made = made_tables()
    assert len(made) >= 10
    strangers = []
    for path in FILES:
        where = str(path.relative_to(SRC))
        if where in READERS:
            continue
        for name in set(TABLE.findall(path.read_text("utf-8"))) & made:
            owner = name.partition("_")[0]
            mine = where.startswith((f"exchange/{owner}/", f"{owner}/"))
            if not mine:
                strangers.append((where, name))
    assert strangers == []


def test_each_table_is_made_by_one_room_and_named_on_its_card():
    rooms = [path for path in FILES if SRC / "testing" not in path.parents]
    made = [name for path in rooms for name in MADE.findall(path.read_text("utf-8"))]
    assert sorted(made) == sorted(set(made))
    assert set(made) == made_tables(), "a room's tables are not laid out with the store"
    for room in ROOMS:
        card = (room / "__init__.py").read_text("utf-8")
        owned = {name for path in room.glob("*.py") for name in MADE.findall(path.read_text("utf-8"))}
        assert owned <= set(TABLE.findall(card)), room.name


ERRORS = {name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.TocsinError)}
CODE = re.compile(r"[a-z]+\.[a-z0-9-]+")
FAMILIES = {code.partition(".")[0] for code in errors.MEANINGS}


@cache
def nodes(tree):
    return tuple(ast.walk(tree))


def codes_raised(tree):
    """Codes given as the first argument to an error, or to anything that passes one on."""
    for node in nodes(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            yield from (one.value for one in node.args[:1] if isinstance(one, ast.Constant))


@cache
def texts(tree):
    return {one.value for one in nodes(tree) if isinstance(one, ast.Constant) and isinstance(one.value, str)}


def put_together(plain):
    """Codes made of two texts of one module, e.g. `format.json-` and `syntax`."""
    return {one + other for one in plain if one.endswith("-") and CODE.fullmatch(one + "x") for other in plain}


@cache
def trees():
    return tuple(ast.parse(path.read_text("utf-8")) for path in FILES if path.name != "errors.py")


@cache
def all_texts():
    return frozenset(text for tree in trees() for text in texts(tree))


def usable_codes():
    return all_texts() | {code for tree in trees() for code in put_together(texts(tree))}


@pytest.mark.slow
def test_every_code_that_is_raised_has_a_meaning():
    raised = {code for tree in trees() for code in codes_raised(tree)}
    assert len(raised) > 60
    assert raised - errors.MEANINGS.keys() == set()


@pytest.mark.slow
def test_every_text_that_looks_like_a_code_has_a_meaning():
    """Codes that travel in variables are found by their look: one of our families, a dot, a word."""
    files = re.compile(r"\.(toml|note|key|crt|sock|head|sqlite|json|md|new|log)$")
    seen = {
        text
        for text in all_texts()
        if CODE.fullmatch(text)
        and not text.endswith("-")
        and text.partition(".")[0] in FAMILIES
        and not files.search(text)
    }
    assert seen - errors.MEANINGS.keys() == set()


@pytest.mark.slow
def test_every_meaning_is_of_a_code_in_use():
    assert errors.MEANINGS.keys() - usable_codes() == set()


def test_every_meaning_says_why_and_what_to_do():
    for code, meaning in errors.MEANINGS.items():
        assert CODE.fullmatch(code)
        assert isinstance(meaning.who, errors.Who)
        for text in (meaning.why, meaning.do):
            assert len(text) > 7
            assert text.rstrip()[-1] in ".)'`", code


def test_an_error_carries_its_meaning():
    error = errors.PolicyError("policy.unmarked", "nobody said")
    assert (error.code, error.what, str(error)) == ("policy.unmarked", "nobody said", "policy.unmarked: nobody said")
    assert error.meaning is errors.MEANINGS["policy.unmarked"]
    assert error.exit_status == 4
