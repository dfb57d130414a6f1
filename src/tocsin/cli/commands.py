"""How every command is made: the same options before and after its name, the same errors, the same exit codes."""

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_type_hints

import typer

from tocsin.cli.screen import Screen
from tocsin.errors import ConfigError, TocsinError

if TYPE_CHECKING:
    from tocsin.node.home import Home

INTERRUPTED: Final = 130
_AS_IT_IS: Final = "\b"  # click keeps the line breaks of a paragraph that begins with it
DEFAULT_HOME: Final = "~/.tocsin"

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        metavar="DIR",
        help="The node's folder [env: TOCSIN_HOME; default: ~/.tocsin].",
        show_default=False,
        readable=False,  # told as an error of ours, not of the command line
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No talk on stderr, errors only.")]


@dataclass(frozen=True, slots=True)
class Everywhere:
    """The options that stand before the command's name or after it."""

    home: Path | None = None
    json: bool = False
    quiet: bool = False

    def then(self, later: "Everywhere") -> "Everywhere":
        """What stands after the name counts more."""
        return Everywhere(later.home or self.home, self.json or later.json, self.quiet or later.quiet)


class Hands:
    """What a command works with: the screen and the node's folder."""

    def __init__(self, chosen: Everywhere) -> None:
        self.screen = Screen(json=chosen.json, quiet=chosen.quiet)
        self._chosen = chosen

    @cached_property
    def folder(self) -> Path:
        """The folder that was named, or the default, whether there is a node in it or not."""
        named = self._chosen.home or Path(os.environ.get("TOCSIN_HOME") or DEFAULT_HOME)
        return named.expanduser().absolute()

    def require_consent(self, question: str, *, yes: bool) -> None:
        """Ask the person at the terminal, unless `yes`. Raises ConfigError("config.unconfirmed") where nobody can answer."""
        if yes:
            return
        if self.screen.json or not sys.stdin.isatty():
            raise ConfigError("config.unconfirmed", f"nobody is there to answer: {question}")
        typer.confirm(question, abort=True, err=True)

    @cached_property
    def home(self) -> "Home":
        """The node in it. Raises ConfigError("config.no-home"), AccessError("access.socket")."""
        from tocsin.node.home import open_home

        return open_home(self.folder)


Command = Callable[..., int | None]


def command(app: typer.Typer, name: str, *examples: str) -> Callable[[Command], Command]:
    """Register a function as a command, with its docstring and the examples as help.

    Its first parameter is Hands; a dataclass parameter stands for its fields.

    The function returns its exit status (None: 0) or raises TocsinError, which is told and becomes the status.
    """

    def register(function: Command) -> Command:
        hints = get_type_hints(function, include_extras=True)
        own = list(inspect.signature(function).parameters.values())[1:]
        grouped = {one.name: hints[one.name] for one in own if is_dataclass(hints[one.name])}
        shown = [made for one in own for made in _expand(one, hints[one.name])]

        def run(context: typer.Context, **given: Any) -> None:
            home, json, quiet = given.pop("home"), given.pop("json"), given.pop("quiet")
            before = context.find_root().obj or Everywhere()
            for parameter, kind in grouped.items():
                given[parameter] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
            hands = Hands(before.then(Everywhere(home, json, quiet)))
            raise typer.Exit(_run(hands, function, given))

        run.__doc__ = _help(function, examples)
        run.__signature__ = inspect.Signature([_CONTEXT, *shown, *_EVERYWHERE])  # type: ignore[attr-defined]  # read by typer
        run.__annotations__ = {}
        app.command(name)(run)
        return function

    return register


def _help(function: Command, examples: tuple[str, ...]) -> str:
    shown = "\n".join(f"  tocsin {one}" for one in examples)
    return f"{inspect.getdoc(function)}\n\n{_AS_IT_IS}\nExamples:\n{shown}"


def _run(hands: Hands, function: Command, given: dict[str, Any]) -> int:
    try:
        return function(hands, **given) or 0
    except TocsinError as error:
        return hands.screen.fail(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has seen enough. Nothing may be written while Python ends.
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _expand(parameter: inspect.Parameter, hint: Any) -> Iterator[inspect.Parameter]:
    if not is_dataclass(hint):
        yield parameter.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY)
        return
    inner = get_type_hints(hint, include_extras=True)
    for field in fields(hint):
        yield _keyword(field.name, inner[field.name], _default(field))


def _default(field: Field[Any]) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is MISSING else field.default


def _keyword(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=annotation, default=default)


_CONTEXT: Final = _keyword("context", typer.Context, inspect.Parameter.empty)
_EVERYWHERE: Final = (
    _keyword("home", HomeOption, None),
    _keyword("json", JsonOption, False),
    _keyword("quiet", QuietOption, False),
)
