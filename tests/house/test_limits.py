"""The rules of the house that can be counted: sizes, names, state, errors, docstrings."""

import ast
import re
import statistics
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "tocsin"
FILES = sorted(SRC.rglob("*.py"))
BANNED = re.compile(r"^(utils?|help(er|ers)|common|misc|base|managers?)$")
MUTABLE = ("list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "deque", "Counter")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def name_of(path):
    return str(path.relative_to(SRC))


each_file = pytest.mark.parametrize("path", FILES, ids=name_of)


@cache
def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


@cache
def lines_of(path):
    return path.read_text("utf-8").splitlines()


@cache
def functions(tree):
    return [one for one in ast.walk(tree) if isinstance(one, FUNCTIONS)]


def code_lines(path, function):
    """Lines that hold code: no blank ones, no comments, no docstring."""
    doc = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    lines = lines_of(path)
    skipped = range(doc.lineno, doc.end_lineno + 1) if doc is not None else ()
    return sum(
        1
        for number in range(function.lineno, function.end_lineno + 1)
        if number not in skipped and lines[number - 1].strip() and not lines[number - 1].lstrip().startswith("#")
    )


def is_long_on_purpose(path, function):
    return "# long: " in lines_of(path)[function.lineno - 1]


@each_file
def test_a_file_has_at_most_500_lines(path):
    assert len(path.read_text("utf-8").splitlines()) <= 500


@each_file
def test_a_function_has_at_most_50_code_lines_and_7_parameters(path):
    for one in functions(tree_of(path)):
        if not is_long_on_purpose(path, one):
            assert code_lines(path, one) <= 50, one.name
        given = [*one.args.posonlyargs, *one.args.args, *one.args.kwonlyargs]
        assert len([arg for arg in given if arg.arg not in ("self", "cls")]) <= 7, one.name


def test_functions_are_short_as_a_habit():
    sizes = [code_lines(path, one) for path in FILES for one in functions(tree_of(path))]
    assert statistics.median(sizes) <= 10
    marked = [one.name for path in FILES for one in functions(tree_of(path)) if is_long_on_purpose(path, one)]
    assert len(marked) <= 3, marked


@each_file
def test_no_module_is_a_lumber_room(path):
    for part in path.relative_to(SRC).with_suffix("").parts:
        assert not BANNED.match(part)


def is_mutable(value):
    if isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)):
        return True
    called = value.func if isinstance(value, ast.Call) else None
    return getattr(called, "id", getattr(called, "attr", None)) in MUTABLE


def is_declared_constant(node):
    """Final or Mapping, Sequence...: then mypy refuses to change it, or to bind it anew."""
    kind = getattr(node, "annotation", None)
    return kind is not None and re.search(r"\b(Final|Mapping|Sequence|Type)\b", ast.unparse(kind)) is not None


@each_file
def test_no_module_keeps_state(path):
    for node in tree_of(path).body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and is_mutable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [ast.unparse(one) for one in targets]
            assert names == ["__all__"] or is_declared_constant(node), names
    for node in ast.walk(tree_of(path)):
        assert not isinstance(node, ast.Global), "global"


@each_file
def test_any_error_is_caught_in_the_supervisor_and_at_the_edge_only(path):
    if name_of(path) == "node/supervisor.py" or name_of(path).startswith("edge/"):
        return
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ExceptHandler):
            caught = [] if node.type is None else [one.id for one in ast.walk(node.type) if isinstance(one, ast.Name)]
            assert node.type is not None, f"line {node.lineno}: a bare except"
            assert "Exception" not in caught, f"line {node.lineno}"
            # Cleaning up and going on to raise is not catching.
            assert "BaseException" not in caught or isinstance(node.body[-1], ast.Raise), f"line {node.lineno}"


def is_public(node, owners=()):
    names = (*owners, node.name)
    return not any(one.startswith("_") for one in names)


def public_without_docstring(path):
    tree = tree_of(path)
    missing = [] if ast.get_docstring(tree) else ["the module"]
    for node in tree.body:
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and is_public(node):
            inside = [one for one in node.body if isinstance(one, FUNCTIONS)] if isinstance(node, ast.ClassDef) else []
            for one in (node, *(method for method in inside if is_public(method))):
                missing += [] if ast.get_docstring(one) else [one.name]
    return missing


@pytest.mark.parametrize("path", [one for one in FILES if name_of(one).startswith(("ports/", "formats/"))], ids=name_of)
def test_everything_public_in_ports_and_formats_says_what_it_is(path):
    assert public_without_docstring(path) == []


def test_the_measures_measure():
    """Each count finds what it is there to find."""
    planted = ast.parse("state = []\nfixed: Final = {}\nrows: Mapping[str, int] = dict()\n")
    assert [is_mutable(one.value) and not is_declared_constant(one) for one in planted.body] == [True, False, False]
    assert BANNED.match("helpers")
    assert not BANNED.match("database")
    longest = max((code_lines(path, one), one.name) for path in FILES for one in functions(tree_of(path)))
    assert longest[0] > 20
