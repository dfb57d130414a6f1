"""The installed command at a node's folder, as end-to-end tests give it."""

import asyncio
import json

from tocsin.cli.demo.nodes import command

PATIENCE_S = 60.0


async def said(home, *words, given=b""):
    """One command: exit status and what it tells a person. `given`: what it reads."""
    process = await asyncio.create_subprocess_exec(
        *command(home, *map(str, words)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(given)
    assert out, err.decode()
    return process.returncode, out.decode()


async def answers(home, *words, given=b""):
    """The same with --json: what it tells, line by line."""
    status, out = await said(home, *words, "--json", given=given)
    return status, [json.loads(line) for line in out.splitlines()]


async def tocsin(home, *words, given=b""):
    """The same of a command that tells one thing."""
    status, (told,) = await answers(home, *words, given=given)
    return status, told


async def until(ask, holds):
    """Ask until the answer is as it must become; that answer."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds(told := await ask()):
            await asyncio.sleep(0.05)
    return told
