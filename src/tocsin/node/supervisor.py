"""Keeps the parts of a node running. The one place where any error is caught, told and survived."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from tocsin.errors import TocsinError
from tocsin.ports.clock import Clock

_FIRST_S: Final = 0.2
_LONGEST_S: Final = 15.0
Note = Callable[[str, str, str], None]


async def supervise(name: str, work: Callable[[], Awaitable[None]], clock: Clock, note: Note) -> None:
    """Run `work` for ever; when it fails, say so and begin again, ever more slowly."""
    pause = _FIRST_S
    while True:
        started = clock.monotonic()
        try:
            await work()
            return
        except TocsinError as error:
            note(error.code, "", f"{name}: {error.what}")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - the supervisor is where unknown errors end
            note("internal.error", "", f"{name}: {type(error).__name__} at {_where(error)}")
        if clock.monotonic() - started > _LONGEST_S:
            pause = _FIRST_S
        await clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_S)


def _where(error: BaseException) -> str:
    """File and line of our own code where it happened: no values, for values could be content."""
    place = "?"
    trace = error.__traceback__
    while trace is not None:
        place = f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
