"""How the demonstration is told: a line for each step, and a live table while objects are on their way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tocsin.backends.system.clock import SystemClock
from tocsin.cli.demo.tally import Tally
from tocsin.cli.screen import Screen, plain

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


class Stage:
    """Tells on stdout; on stderr when stdout is for a program."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._clock = SystemClock()
        self._began = self._clock.monotonic()

    @property
    def seconds(self) -> float:
        """Since the demonstration began."""
        return self._clock.monotonic() - self._began

    def did(self, text: str, *, well: bool = True) -> None:
        """A step that ended well, or did not."""
        self._say("✓" if well else "✗", "green" if well else "bold red", text)

    def more(self, text: str) -> None:
        """Something to add to the last step."""
        self._say(" ", "", text)

    @contextmanager
    def board(self) -> Iterator["Board"]:
        """A table that lives as long as the step."""
        from rich.live import Live

        console = self._console()
        visible = console.is_terminal and not self._screen.quiet
        if not visible:
            yield Board(None)
            return
        with Live(console=console, refresh_per_second=10, transient=True) as live:
            yield Board(live.update)

    def _say(self, mark: str, style: str, text: str) -> None:
        from rich.text import Text

        if not self._screen.quiet:
            when = f"{self.seconds:6.1f} s "
            self._console().print(Text.assemble((when, "dim"), (mark, style), " ", plain(text)), soft_wrap=True)

    def _console(self) -> "Console":
        return self._screen.err if self._screen.json else self._screen.out


class Board:
    """Who has stored and signed for how much."""

    def __init__(self, update: object) -> None:
        self._update = update

    def show(self, tally: Tally) -> None:
        """The newest count."""
        if callable(self._update):
            self._update(_table(tally))


def _table(tally: Tally) -> "Table":
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for name in ("member", "stored", "signed for", ""):
        made.add_column(name)
    for one in tally.standings:
        bar = ProgressBar(total=max(one.due, 1), completed=one.signed, width=40)
        made.add_row(one.member, f"{one.stored:,} of {one.due:,}", f"{one.signed:,}", bar)
    return made
