"""Templates: escaped always, strict about what is missing, in the reader's language."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from tocsin.edge.console.words import N_, PSEUDO, Words
from tocsin.edge.console.world import country, tongue
from tocsin.formats.tlp import Tlp

FOLDER: Final = Path(__file__).parent / "templates"
_UNITS: Final = (
    (86_400, N_("%(count)s d ago"), N_("in %(count)s d")),
    (3_600, N_("%(count)s h ago"), N_("in %(count)s h")),
    (60, N_("%(count)s min ago"), N_("in %(count)s min")),
    (0, N_("%(count)s s ago"), N_("in %(count)s s")),
)


@cache
def environment() -> Environment:
    """The one place where templates are found and what they may call is chosen. One for the process: it compiles them."""
    env = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=("jinja2.ext.i18n",),
    )
    env.install_gettext_callables(_one, _many, newstyle=True)  # type: ignore[attr-defined]  # put there by the extension
    env.filters["moment"] = _moment
    env.filters["ago"] = _ago
    env.filters["number"] = lambda count: f"{count:,}"
    env.filters["grouped"] = _grouped
    env.filters["span"] = span
    env.filters["tlp"] = tlp_class
    env.filters["country"] = _country
    env.filters["tongue"] = _tongue
    return env


@pass_context
def _one(context: Context, text: str) -> str:
    return _words(context).one(text)


@pass_context
def _many(context: Context, one: str, many: str, count: int) -> str:
    return _words(context).many(one, many, count)


def _words(context: Context) -> Words:
    found: Words = context["words"]
    return found


@pass_context
def _country(context: Context, code: str) -> str:
    """A country's name in the reader's language."""
    words = _words(context)
    name = country(code, words.language)
    return name if name == code or words.language != PSEUDO else f"⟦{name}⟧"


@pass_context
def _tongue(context: Context, code: str) -> str:
    """A language's name in the reader's language."""
    words = _words(context)
    name = tongue(code, words.language)
    return name if name == code or words.language != PSEUDO else f"⟦{name}⟧"


def _moment(instant: str | None) -> str:
    """An instant in UTC to the second, with its Z."""
    return f"{instant[:10]} {instant[11:19]}Z" if instant else ""


@pass_context
def _ago(context: Context, instant_us: int) -> str:
    """How long ago, or in how long, from the page's own moment."""
    seconds = (context["now_us"] - instant_us) / 1e6
    size, past, ahead = next(one for one in _UNITS if abs(seconds) >= one[0])
    count = int(abs(seconds) // max(size, 1))
    return _words(context).one(past if seconds >= 0 else ahead) % {"count": count}


_SPANS: Final = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1_000, "s"))


def span(ms: float) -> str:
    """How long something took, in two digits or more: 31 ms, 4.2 s, 12 min. The symbols are alike in every language."""
    size, unit = next((one for one in _SPANS if ms >= one[0]), (1, "ms"))
    count = ms / size
    return f"{count:.1f} {unit}" if count < 10 and unit != "ms" else f"{count:.0f} {unit}"


def _grouped(text: str, size: int = 4) -> str:
    """A fingerprint or key as people read it out: groups of four."""
    return " ".join(text[at : at + size] for at in range(0, len(text), size))


def tlp_class(label: str | None) -> str:
    """The style of a badge: one of five, or the one for no marking."""
    known: Mapping[str, str] = {one.label: one.name.lower().replace("_", "-") for one in Tlp}
    return known.get(label or "", "none")


def render(env: Environment, template: str, context: Mapping[str, Any]) -> str:
    """A page as text."""
    return env.get_template(template).render(context)
