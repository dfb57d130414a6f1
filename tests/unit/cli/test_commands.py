"""Every command: help with examples that are true, the same options before and after it, the promised exit codes."""

import json
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import typer

from tocsin.cli import main as entry
from tocsin.cli.commands import INTERRUPTED, Hands, command
from tocsin.errors import ConfigError, PeerError

DOCS = Path(__file__).resolve().parents[3] / "docs" / "cli.md"


def call(monkeypatch, capsys, *words, app=None):
    """Run the command line in this process; returns exit status, stdout, stderr."""
    monkeypatch.setattr(sys, "argv", ["tocsin", *words])
    if app is not None:
        monkeypatch.setattr(entry, "build", lambda: app)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    return ended.value.code, *capsys.readouterr()


ROOT = typer.main.get_command(entry.build())


def every_command():
    """(path, object) of each command that does something."""
    yield from commands_in(ROOT, "")


def commands_in(group, before):
    for name, one in group.commands.items():
        if getattr(one, "commands", None):
            yield from commands_in(one, f"{before}{name} ")
        else:
            yield f"{before}{name}", one


COMMANDS = dict(every_command())


@dataclass(frozen=True, slots=True)
class Pair:
    left: Annotated[str, typer.Argument()]
    right: Annotated[int, typer.Option()] = 7


@pytest.fixture
def toy():
    """A small program made with the same parts."""
    app = typer.Typer()
    app.callback(invoke_without_command=True)(entry._everywhere)

    def where(hands: Hands, pair: Pair, also: Annotated[bool, typer.Option("--also")] = False) -> None:
        """Say where."""
        told = {"folder": str(hands.folder), "left": pair.left, "right": pair.right, "also": also}
        hands.screen.result("where", told, [str(hands.folder)])

    def fail(hands: Hands, how: Annotated[str, typer.Argument()]) -> int:
        """Fail."""
        match how:
            case "error":
                raise PeerError("peer.unreachable", "nobody there")
            case "interrupt":
                raise KeyboardInterrupt
            case "pipe":
                raise BrokenPipeError
        return int(how)

    command(app, "where", "where x")(where)
    command(app, "fail", "fail 1")(fail)
    return app


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_has_help_with_examples(path):
    text = COMMANDS[path].help or ""
    assert "Examples:" in text
    assert text.split("Examples:")[1].count("tocsin ") >= 1


@pytest.mark.slow
@pytest.mark.parametrize("path", COMMANDS)
def test_every_example_is_understood(path):
    for line in (COMMANDS[path].help or "").split("Examples:")[1].strip().splitlines():
        words = shlex.split(re.split(r" [|<>] ", line)[0])
        assert words.pop(0) == "tocsin"
        while words and words[0].startswith("--"):
            del words[:2]
        at = ROOT
        while getattr(at, "commands", None):
            at = at.commands[words.pop(0)]
        assert at is not ROOT
        at.make_context("tocsin", words)  # raises on an unknown option or a missing argument


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_takes_home_json_and_quiet(path):
    options = {option for parameter in COMMANDS[path].params for option in parameter.opts}
    assert {"--home", "--json", "--quiet"} <= options


def test_the_documentation_names_every_command_and_option_and_no_other():
    text = DOCS.read_text()
    headings = re.findall(r"^### `tocsin ([a-z ]*[a-z])(.*)`", text, re.MULTILINE)
    assert {path for path, _ in headings} == set(COMMANDS)
    for path, one in COMMANDS.items():
        begin = re.search(rf"^### `tocsin {path}[` ]", text, re.MULTILINE)
        section = re.split(r"^##", text[begin.end() :], maxsplit=1, flags=re.MULTILINE)[0]
        taken = {option for parameter in one.params for option in parameter.opts if option.startswith("--")}
        hidden = {
            option for parameter in one.params if getattr(parameter, "hidden", False) for option in parameter.opts
        }
        own = taken - {"--home", "--json", "--quiet", "--help"} - hidden
        assert set(re.findall(r"^\| `(--[a-z-]+)", section, re.MULTILINE)) == own, path


def test_options_count_before_and_after_the_name(monkeypatch, capsys, toy, tmp_path):
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    for words in (["--home", one, "--json", "where", "x"], ["where", "x", "--home", one, "--json"]):
        status, out, _ = call(monkeypatch, capsys, *words, app=toy)
        assert (status, json.loads(out)["folder"]) == (0, one)
    _, out, _ = call(monkeypatch, capsys, "--home", one, "where", "x", "--home", two, app=toy)
    assert out.strip() == two


def test_tocsin_home_names_the_node_and_an_option_overrules_it(monkeypatch, capsys, toy, tmp_path):
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path / "env"))
    assert call(monkeypatch, capsys, "where", "x", app=toy)[1].strip() == str(tmp_path / "env")
    assert call(monkeypatch, capsys, "where", "x", "--home", str(tmp_path), app=toy)[1].strip() == str(tmp_path)
    monkeypatch.delenv("TOCSIN_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert call(monkeypatch, capsys, "where", "x", app=toy)[1].strip() == str(tmp_path / ".tocsin")


def test_a_dataclass_parameter_stands_for_its_fields(monkeypatch, capsys, toy):
    _, out, _ = call(monkeypatch, capsys, "where", "x", "--right", "3", "--also", "--json", app=toy)
    told = json.loads(out)
    assert (told["left"], told["right"], told["also"]) == ("x", 3, True)


@pytest.mark.parametrize(("how", "status"), [("0", 0), ("5", 5), ("error", 6), ("interrupt", INTERRUPTED)])
def test_exit_codes(monkeypatch, capsys, toy, how, status):
    assert call(monkeypatch, capsys, "fail", how, app=toy)[0] == status


@pytest.mark.parametrize("words", [["nonsense"], ["share", "file"], ["charter"], ["share", "f", "--to", "x", "--nope"]])
def test_a_command_that_is_not_understood_is_usage(monkeypatch, capsys, words):
    status, out, err = call(monkeypatch, capsys, *words, "--json")
    assert status == 2
    assert json.loads(out)["code"] == "usage"
    assert "--help" in err


def test_without_a_command_the_help_is_shown(monkeypatch, capsys):
    status, out, _ = call(monkeypatch, capsys)
    assert status == 0
    assert "Exit codes" in out


def test_no_node_is_an_error_with_advice(monkeypatch, capsys, tmp_path):
    status, out, err = call(monkeypatch, capsys, "status", "--home", str(tmp_path), "--json")
    assert (status, json.loads(out)["code"]) == (1, "config.no-home")
    assert "tocsin init" in err


@pytest.mark.slow
def test_help_loads_nothing_heavy():
    program = (
        "import sys; sys.argv = ['tocsin', '--help']\n"
        "from tocsin.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'aiohttp', 'apsw', 'cryptography', 'nacl', 'starlette', 'uvicorn', 'asyncio', 'rich.console', 'pymispgalaxies'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "Usage: tocsin" in done.stdout


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    program = (
        "import os, sys, typer\n"
        "from tocsin.cli.commands import command\n"
        "app = typer.Typer()\n"
        "app.callback()(lambda: None)\n"
        "def much(hands):\n"
        "    '''Much.'''\n"
        "    for number in range(100000): hands.screen.emit('n', {'n': number})\n"
        "from tocsin.cli.commands import Hands\n"
        "much.__annotations__ = {'hands': Hands}\n"
        "command(app, 'much', 'much')(much)\n"
        "sys.exit(app(['much'], standalone_mode=False))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.read(100)
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 0
    assert told == b""


def test_an_error_class_gives_its_exit_status(monkeypatch, capsys, toy):
    assert ConfigError.exit_status == 1
    status, _, err = call(monkeypatch, capsys, "fail", "error", app=toy)
    assert (status, "peer.unreachable" in err) == (6, True)
