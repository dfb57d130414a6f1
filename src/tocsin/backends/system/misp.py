"""MISP events as STIX 2.1, by misp-stix, in a process of its own: it is heavy, and what it reads is a stranger's.

The process gets a bound of memory and of time and nothing of the node but the event. `python -m tocsin.backends.system.misp`
reads an event from stdin and writes one object a line.
"""

import asyncio
import resource
import sys
from contextlib import suppress
from typing import Any, Final

from tocsin.errors import FormatError
from tocsin.formats import strictjson

MOST_BYTES: Final = 4 * 1024 * 1024
MOST_PARTS: Final = 5000
_SECONDS: Final = 60.0
_MEMORY: Final = 1024 * 1024 * 1024
_MOST_MADE: Final = 64 * 1024 * 1024


def checked(data: bytes) -> bytes:
    """An event as it may be converted. Raises FormatError("format.misp") and those of strictjson."""
    event = _event(strictjson.parse(data, max_bytes=MOST_BYTES))
    parts = _count(event)
    if parts > MOST_PARTS:
        raise FormatError("format.misp", f"the event has {parts} attributes and objects, {MOST_PARTS} are allowed")
    return data


def _event(value: Any) -> dict[str, Any]:
    """The one event of a file as MISP exports it: alone, in a list, or in a list called response."""
    if isinstance(value, dict) and isinstance(value.get("response"), list):
        value = value["response"]
    if isinstance(value, list):
        if len(value) != 1:
            raise FormatError("format.misp", f"the file holds {len(value)} events; share them one by one")
        value = value[0]
    event = value.get("Event") if isinstance(value, dict) else None
    if not isinstance(event, dict):
        raise FormatError("format.misp", "the file holds no event")
    return event


def _count(event: dict[str, Any]) -> int:
    objects = event.get("Object")
    listed = objects if isinstance(objects, list) else []
    held = [event, *(one for one in listed if isinstance(one, dict))]
    return sum(len(one["Attribute"]) for one in held if isinstance(one.get("Attribute"), list)) + len(listed)


async def convert(data: bytes) -> bytes:
    """The objects of an event, one a line. Raises FormatError("format.misp") and those of strictjson."""
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, checked, data)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        __name__,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a traceback holds what was read
    )
    try:
        async with asyncio.timeout(_SECONDS):
            made, _ = await process.communicate(data)
    except TimeoutError as error:
        raise FormatError("format.misp", f"the conversion took more than {_SECONDS:.0f} seconds") from error
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode != 0 or not made or len(made) > _MOST_MADE:
        raise FormatError("format.misp", "misp-stix cannot convert the event")
    return made


def _main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(_SECONDS), int(_SECONDS)))
    event = _event(strictjson.parse(sys.stdin.buffer.read(MOST_BYTES + 1), max_bytes=MOST_BYTES))
    from misp_stix_converter import MISPtoSTIX21Parser

    parser = MISPtoSTIX21Parser()
    parser.parse_misp_event({"Event": event})
    for one in parser.bundle.objects:
        sys.stdout.write(one.serialize() + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(_main())
