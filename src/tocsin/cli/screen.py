"""What a person or a program sees: results on stdout, talk on stderr, errors that say what, why and what to do."""

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tocsin.errors import MEANINGS, TocsinError

if TYPE_CHECKING:  # rich costs a third of the time `tocsin --help` may take
    from rich.console import Console

_PIPE_WIDTH: Final = 200
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_CODE_WITHOUT_MEANING: Final = "This code is not known here; the node that sent it may be newer."


class Screen:
    """The two streams of one command."""

    def __init__(self, *, json: bool = False, quiet: bool = False) -> None:
        self.json = json
        self.quiet = quiet

    @cached_property
    def out(self) -> "Console":
        """Where results go."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> "Console":
        """Where talk goes."""
        return _console(stderr=True)

    def say(self, text: str) -> None:
        """Talk: progress and advice, never a result. Silent with --quiet."""
        if not self.quiet:
            self.err.print(plain(text), markup=False, highlight=False, soft_wrap=True)

    def emit(self, schema: str, value: dict[str, Any]) -> None:
        """One JSON object on one line of stdout."""
        _write_line({"schema": f"tocsin.{schema}/1", **value})

    def result(self, schema: str, value: dict[str, Any], lines: Iterable[str]) -> None:
        """The result: one JSON object with --json, else these lines for a person."""
        if self.json:
            self.emit(schema, value)
            return
        for line in lines:
            self.print(line)

    def print(self, line: str) -> None:
        """One line of a result for a person."""
        self.out.print(plain(line), markup=False, highlight=False, soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A result as columns; what does not fit a terminal is folded, never cut."""
        from rich.table import Table
        from rich.text import Text

        made = Table(box=None, pad_edge=False, header_style="bold")
        for name in columns:
            made.add_column(name, overflow="fold")
        for row in rows:
            made.add_row(*(Text(plain(str(cell))) for cell in row))
        self.out.print(made)

    def fail(self, error: TocsinError) -> int:
        """Tell an error on stderr, with --json as an object on stdout too. Returns the exit status."""
        told = explain(error)
        if self.json:
            self.emit("error", told)
        self.tell(told)
        return error.exit_status

    def tell(self, told: dict[str, Any]) -> None:
        """An error for a person: what happened, why, what to do, its code. Not silenced by --quiet."""
        from rich.text import Text

        self.err.print(Text.assemble(("error: ", "bold red"), plain(str(told["what"]))), soft_wrap=True)
        for label, key in (("why", "why"), ("do", "do"), ("code", "code")):
            self.err.print(Text.assemble((f"{label:>5}: ", "bold"), plain(str(told[key]))), soft_wrap=True)


def explain(error: TocsinError) -> dict[str, Any]:
    """An error as JSON has it."""
    told = {"code": error.code, "what": error.what, "exit_status": error.exit_status}
    if error.code not in MEANINGS and type(error).meaning is TocsinError.meaning:
        return {
            **told,
            "why": _CODE_WITHOUT_MEANING,
            "do": "Compare the versions: `tocsin version`.",
            "who": "operator",
        }
    meaning = error.meaning
    return {**told, "why": meaning.why, "do": meaning.do, "who": str(meaning.who)}


def plain(text: str) -> str:
    """Text of others as it may reach a terminal: control and direction characters are shown, not obeyed."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def moment(instant: str | None) -> str:
    """An RFC 3339 instant in UTC for people, to the millisecond; "-" for none."""
    return f"{instant[:10]} {instant[11:23]}Z" if instant else "-"


def amount(count: int, one: str, many: str = "") -> str:
    """A number with its word: "1 object", "2,000 objects"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _HIDDEN:
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def _console(*, stderr: bool) -> "Console":
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def _write_line(value: dict[str, Any]) -> None:
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()
