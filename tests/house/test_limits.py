"""The rules of the house that can be counted: sizes, names, state, errors, docstrings."""

import ast
import re
import statistics
from functools import cache
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("house")  # one process reads the sources, once

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "tocsin"
FILES = sorted(SRC.rglob("*.py"))
BANNED = re.compile(r"^(utils?|help(er|ers)|common|misc|base|managers?)$")
MUTABLE = ("list", "dict", "set", "bytearray", "defaultdict", "OrderedDict", "deque", "Counter")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def name_of(path):
    return str(path.relative_to(SRC))


@cache
def tree_of(path):
    return ast.parse(path.read_text("utf-8"))


@cache
def lines_of(path):
    return path.read_text("utf-8").splitlines()


@cache
def nodes(tree):
    return tuple(ast.walk(tree))


@cache
def functions(tree):
    return [one for one in nodes(tree) if isinstance(one, FUNCTIONS)]


@cache
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


def offenders(judge):
    """(file, what) of everything in the house that `judge(path)` yields."""
    return [(name_of(path), what) for path in FILES for what in judge(path)]


def test_a_file_has_at_most_500_lines():
    assert offenders(lambda path: [len(lines_of(path))] if len(lines_of(path)) > 500 else []) == []


def parameters(function):
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return len([arg for arg in given if arg.arg not in ("self", "cls")])


@pytest.mark.slow
def test_a_function_has_at_most_50_code_lines_and_7_parameters():
    def judge(path):
        for one in functions(tree_of(path)):
            if code_lines(path, one) > 50 and not is_long_on_purpose(path, one):
                yield f"{one.name}: {code_lines(path, one)} lines"
            if parameters(one) > 7:
                yield f"{one.name}: {parameters(one)} parameters"

    assert offenders(judge) == []


@pytest.mark.slow
def test_functions_are_short_as_a_habit():
    sizes = [code_lines(path, one) for path in FILES for one in functions(tree_of(path))]
    assert statistics.median(sizes) <= 10
    marked = [one.name for path in FILES for one in functions(tree_of(path)) if is_long_on_purpose(path, one)]
    assert len(marked) <= 3, marked


def test_no_module_is_a_lumber_room():
    assert offenders(lambda path: filter(BANNED.match, path.relative_to(SRC).with_suffix("").parts)) == []


def is_mutable(value):
    if isinstance(value, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)):
        return True
    called = value.func if isinstance(value, ast.Call) else None
    return getattr(called, "id", getattr(called, "attr", None)) in MUTABLE


def is_declared_constant(node):
    """Final or Mapping, Sequence...: then mypy refuses to change it, or to bind it anew."""
    kind = getattr(node, "annotation", None)
    return kind is not None and re.search(r"\b(Final|Mapping|Sequence|Type)\b", ast.unparse(kind)) is not None


@pytest.mark.slow
def test_no_module_keeps_state():
    def judge(path):
        for node in tree_of(path).body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and is_mutable(node.value):
                names = [ast.unparse(one) for one in getattr(node, "targets", None) or [node.target]]
                if names != ["__all__"] and not is_declared_constant(node):
                    yield from names
        yield from (f"global, line {node.lineno}" for node in nodes(tree_of(path)) if isinstance(node, ast.Global))

    assert offenders(judge) == []


def catches_anything(handler):
    """Cleaning up after any exception and going on to raise is not catching it."""
    if handler.type is None:
        return True
    caught = {one.id for one in ast.walk(handler.type) if isinstance(one, ast.Name)}
    return "Exception" in caught or ("BaseException" in caught and not isinstance(handler.body[-1], ast.Raise))


@pytest.mark.slow
def test_any_error_is_caught_in_the_supervisor_and_at_the_edge_only():
    def judge(path):
        if name_of(path) == "node/supervisor.py" or name_of(path).startswith("edge/"):
            return
        for node in nodes(tree_of(path)):
            if isinstance(node, ast.ExceptHandler) and catches_anything(node):
                yield f"line {node.lineno}"

    assert offenders(judge) == []
    supervisor = SRC / "node" / "supervisor.py"
    assert any(isinstance(one, ast.ExceptHandler) and catches_anything(one) for one in nodes(tree_of(supervisor)))


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


@pytest.mark.slow
def test_everything_public_in_ports_and_formats_says_what_it_is():
    floors = [path for path in FILES if name_of(path).startswith(("ports/", "formats/"))]
    assert len(floors) > 30
    assert [(name_of(path), what) for path in floors for what in public_without_docstring(path)] == []


@pytest.mark.slow
def test_the_measures_measure():
    """Each count finds what it is there to find."""
    planted = ast.parse("state = []\nfixed: Final = {}\nrows: Mapping[str, int] = dict()\n")
    assert [is_mutable(one.value) and not is_declared_constant(one) for one in planted.body] == [True, False, False]
    assert BANNED.match("helpers")
    assert not BANNED.match("database")
    longest = max((code_lines(path, one), one.name) for path in FILES for one in functions(tree_of(path)))
    assert longest[0] > 20
