"""The pages say what the code does: what can be compared, is compared."""

import importlib.util
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from typer.main import get_command

from tocsin.cli.main import build
from tocsin.edge.control import app as control
from tocsin.edge.taxii import app as taxii
from tocsin.errors import MEANINGS
from tocsin.node.config import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "tocsin"
PAGES = sorted(
    [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "benchmarks").glob("*.md"), *(ROOT / "fuzz").glob("*.md")]
)
EVERYWHERE = frozenset({"--home", "--json", "--quiet", "--help", "--version"})


def text(*path):
    return DOCS.joinpath(*path).read_text(encoding="utf-8")


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(group, path=("tocsin",)):
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from commands(one, (*path, name))
        elif not one.hidden:
            yield " ".join((*path, name)), one


# -- commands ---------------------------------------------------------------------------------------------------


def sections():
    parts = re.split(r"^### `(tocsin [^`]*)`$", text("cli.md"), flags=re.MULTILINE)
    return {
        re.match(r"[a-z ]+[a-z]", title).group(): body for title, body in zip(parts[1::2], parts[2::2], strict=True)
    }


def test_every_command_and_option_is_described_and_none_that_is_not_there():
    described = sections()
    there = dict(commands(get_command(build())))
    assert described.keys() == there.keys()
    for name, one in there.items():
        options = {
            opt
            for parameter in one.params
            if parameter.param_type_name == "option" and not parameter.hidden
            for opt in (*parameter.opts, *parameter.secondary_opts)
            if opt.startswith("--")
        }
        told = re.split(r"^## ", described[name], flags=re.MULTILINE)[0]
        assert set(re.findall(r"--[a-z][a-z-]*", told)) - EVERYWHERE == options - EVERYWHERE, name


def test_what_stands_everywhere_is_described_once():
    everywhere = text("cli.md").partition("\n## A node")[0]
    assert set(re.findall(r"--[a-z]+", everywhere)) >= EVERYWHERE


# -- settings, errors, routes -----------------------------------------------------------------------------------


def test_every_setting_is_described_with_its_default():
    rows = re.findall(r"^\| `([a-z_]+)` \| ([^|]+) \|", text("settings.md"), flags=re.MULTILINE)
    assert [name for name, _ in rows] == [one.name for one in fields(Settings)]
    for field, (_, told) in zip(fields(Settings), rows, strict=True):
        if field.default_factory is not MISSING:
            assert told == f"`{field.default_factory()}`"
        elif field.default is MISSING:
            assert told == "none, required"
        elif field.default == "":
            assert "`" not in told.replace("`people_listen`", "")
        else:
            shown = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
            assert told == f"`{shown}`"


def test_the_page_of_errors_is_the_table_of_errors():
    assert loaded(DOCS / "make_errors.py").render() == text("errors.md"), "run python docs/make_errors.py"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_codes_that_pages_name_are_there(page):
    groups = "|".join(sorted({code.partition(".")[0] for code in MEANINGS}))
    named = set(re.findall(rf"`((?:{groups})\.[a-z]+(?:-[a-z]+)*)`", page.read_text(encoding="utf-8")))
    others = {f"{one.parent.name}.{one.stem}" for one in SOURCE.rglob("*.py")}
    others |= {"store.sqlite", "store.sqlite-wal", "store.sqlite-shm"}
    assert named - MEANINGS.keys() - others == set()


def test_every_route_of_the_control_socket_is_described():
    routes = {f"{method} {route.path}" for route in control.build(None).routes for method in route.methods - {"HEAD"}}
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", text("formats", "control.md"), flags=re.MULTILINE)) == routes


def test_every_route_of_taxii_is_described():
    rows = re.findall(r"^\| `([^`]*/)` \|", text("formats", "taxii.md"), flags=re.MULTILINE)
    one = "5b1f4b9e-0000-5000-8000-000000000001"
    asked = [re.sub(r"\{[^}]*\}", one, row.replace("...", "/api1/collections/{id}")) for row in rows]
    found = {name for path in asked for name, pattern, _ in taxii._ROUTES if pattern.fullmatch(path)}
    assert found == {name for name, _, _ in taxii._ROUTES}
    assert len(asked) == len(taxii._ROUTES)


# -- worked examples --------------------------------------------------------------------------------------------


VECTORS = loaded(DOCS / "formats" / "vectors.py")


@pytest.mark.parametrize("page", VECTORS.PAGES)
def test_the_worked_examples_are_computed(page):
    told = text("formats", page)
    assert VECTORS.render(page, told) == told, "run python docs/formats/vectors.py"


# -- architecture -----------------------------------------------------------------------------------------------


def tree():
    block = re.search(r"^src/tocsin/\n(.*?)```", text("architecture.md"), re.MULTILINE | re.DOTALL).group(1)
    floor = ""
    for line in block.splitlines():
        depth, name = (len(line) - len(line.lstrip())) // 2, line.split()[0]
        floor = name if depth == 1 else floor
        yield name.rstrip("/") if depth == 1 else f"{floor.rstrip('/')}/{name.rstrip('/')}"


def real():
    for one in sorted(SOURCE.iterdir()):
        if (one / "__init__.py").is_file():
            yield one.name
            yield from (f"{one.name}/{room.name}" for room in one.iterdir() if (room / "__init__.py").is_file())
    yield "errors.py"


def test_the_tree_in_the_docs_is_the_real_one():
    assert sorted(tree()) == sorted(real())


def test_every_floor_and_room_stands_in_the_picture_and_later_rooms_are_empty():
    told = re.sub(r"<style>.*?</style>|<desc.*?</desc>|<[^>]+>", " ", text("architecture.svg"), flags=re.DOTALL)
    words = set(re.findall(r"[a-z]+", told))
    for room in real():
        name = room.rpartition("/")[2].removesuffix(".py")
        assert name in words or name == "demo", room
    for room, what in re.findall(r"^    ([a-z]+)/ +(later)", text("architecture.md"), flags=re.MULTILINE):
        found = [one for one in SOURCE.rglob(room) if one.is_dir()]
        assert [len(list(one.glob("*.py"))) for one in found] == [1], f"{room} is {what}"


def test_ports_and_formats_of_the_picture_are_the_modules():
    told = text("architecture.svg")
    for floor in ("ports", "formats"):
        modules = {one.stem for one in (SOURCE / floor).glob("*.py")} - {"__init__"}
        assert all(re.search(rf"\b{one}\b", told) for one in modules), modules


# -- pages among themselves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    told = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", told):
        if "://" not in target and not target.startswith("#"):
            assert (page.parent / target.partition("#")[0]).exists(), target


def test_every_page_can_be_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page in reached or not page.is_file() or page.suffix != ".md":
            continue
        reached.add(page)
        links = re.findall(r"\]\(([^)\s#]+)", page.read_text(encoding="utf-8"))
        ahead += [(page.parent / one).resolve() for one in links if "://" not in one]
    assert set(DOCS.rglob("*.md")) - reached == set()


def test_targets_of_make_that_pages_name_are_there():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    for page in PAGES:
        told = page.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^|`|&& )make ([a-z][a-z-]*)", told, flags=re.MULTILINE))
        assert named <= targets, page.name


def test_the_glossary_is_in_order_and_says_each_word_once():
    words = re.findall(r"^\| ([a-z][a-z -]*) \|", text("glossary.md"), flags=re.MULTILINE)[1:]
    assert words == sorted(set(words))
    assert len(words) > 40


def test_the_readme_says_first_what_it_is_and_then_the_two_commands():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    before, _, rest = readme.partition("```sh\n")
    assert len([line for line in before.splitlines() if line]) <= 12
    assert rest.startswith("make demo\nmake test\n```")
