"""Three real processes: one warns, one answers, one is silent and is paged, by mail and by webhook; all of it is seen."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from tests.e2e.commands import PATIENCE_S, answers, until

from tocsin.cli.demo.nodes import Federation
from tocsin.node import config

pytestmark = pytest.mark.slow

POLICY = {
    "ack_minutes": 60,
    "levels": [
        {"after_minutes": 0, "roles": ["duty-officer"], "notifiers": ["terminal"]},
        {"after_minutes": 600, "roles": ["head-of-duty"], "notifiers": ["email", "terminal", "webhook"]},
    ],
}


def member(told, handle):
    return next(one for one in told["recipients"] if one["member"] == handle)


@asynccontextmanager
async def outside():
    """A mail server and a web server of the silent member's house: what they were told."""
    mails, posts = [], []

    async def mail(reader, writer):
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
            writer.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")
            await writer.drain()
        writer.close()

    async def post(request):
        posts.append(await request.json())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/page", post)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = await asyncio.start_server(mail, "127.0.0.1", 0)
    ports = server.sockets[0].getsockname()[1], site._server.sockets[0].getsockname()[1]
    try:
        yield (*ports, mails, posts)
    finally:
        server.close()
        await runner.cleanup()


def furnish(home, smtp, http):
    """Who sits at the desk of a node, before it is started."""
    chosen = {
        "desks": {"duty-officer": ["mailto:duty@eg.example", f"http://127.0.0.1:{http}/page"]},
        "smtp_server": f"127.0.0.1:{smtp}",
        "smtp_sender": "tocsin@eg.example",
        "smtp_starttls": False,
    }
    config.write(home.path / "tocsin.toml", replace(home.settings(), **chosen))


async def story(folder):
    (folder / "policy.json").write_text(json.dumps(POLICY))
    async with Federation(folder, 3) as federation, outside() as (smtp, http, mails, posts):
        await federation.init()
        furnish(federation.nodes[2].home, smtp, http)
        await federation.found()
        await federation.start()
        giver, quick, silent = federation.nodes
        say = ("VPN gateways are being taken over", "--to", "plenary", "--tlp", "green", "--topic", "cyber")
        more = ("--urgency", "flash", "--what", "VPN gateways", "--do", "Take them off.", "--country", "GR")
        status, (tried,) = await answers(giver.home, "warn", *say, *more, "--dry-run")
        assert status == 0
        assert tried["recipients"] == sorted((quick.handle, silent.handle))
        assert (await answers(giver.home, "warnings", "--given"))[1][0]["warnings"] == []
        status, (raised,) = await answers(giver.home, "warn", *say, *more, "--policy", folder / "policy.json")
        assert status == 0
        ask = lambda: giver.control.get(f"/warnings/{raised['id']}")
        await until(ask, lambda told: told["counts"]["stored"] == 2)
        # Both are asked, and see it first of all; each has its own people paged at once.
        for node in (quick, silent):
            await until(lambda n=node: n.control.get("/warnings"), lambda told: told["warnings"])
            _, (found,) = await answers(node.home, "warnings")
            assert [(one["id"], one["state"]) for one in found["warnings"]] == [(raised["id"], "open")]
        short = raised["id"][8:16]
        status, (word,) = await answers(quick.home, "ack", short, "--desk", "duty-officer")
        assert (status, word["state"], word["answer"]) == (0, "acknowledged", None)
        await until(ask, lambda told: told["counts"]["acknowledged"] == 1)
        status, (word,) = await answers(
            quick.home, "ack", short, "--answer", "acting", "--comment", "Off the net at 08:00."
        )
        assert (status, word["state"], word["answer"]) == (0, "answered", "acting")
        told = await until(ask, lambda told: told["counts"]["answered"] == 1)
        assert member(told, quick.handle)["comment"] == "Off the net at 08:00."
        assert member(told, silent.handle)["acknowledged"] is None
        status, (climbed,) = await answers(giver.home, "escalate", short)
        assert (status, climbed["paged"]) == (0, [{"member": silent.handle, "level": 2}])
        # By hand: the silent member pages that level at once.
        seen = await until(
            lambda: silent.control.get(f"/warnings/{short}"),
            lambda told: (member(told, silent.handle)["level"], member(told, silent.handle)["escalated"]) == (2, 2),
        )
        assert member(seen, silent.handle)["state"] == "exhausted"
        async with asyncio.timeout(PATIENCE_S):
            while not (mails and posts):
                await asyncio.sleep(0.05)
        assert "VPN gateways are being taken over" in mails[0]
        assert (posts[0]["id"], posts[0]["level"], posts[0]["role"]) == (raised["id"], 2, "head-of-duty")
        status, (refused,) = await answers(giver.home, "ack", short)
        assert (status, refused["code"]) == (4, "policy.not-asked")
        status, (refused,) = await answers(giver.home, "escalate", short, "--member", quick.handle)
        assert (status, refused["code"]) == (4, "policy.warning-over")
        status, (refused,) = await answers(silent.home, "warnings", "ffffffff")
        assert (status, refused["code"]) == (7, "access.unknown-warning")
        _, (due, *_) = await answers(silent.home, "watch", "--no-follow")
        assert (due["schema"], due["id"]) == ("tocsin.due/1", raised["id"])
        _, rows = await answers(silent.home, "watch", "--after", "0", "--no-follow")
        events = [(one["warning"]["event"], one["warning"]["level"]) for one in rows if one.get("warning")]
        assert events[:2] == [("raised", None), ("paged", 1)]
        assert ("escalated", 2) in events
        assert ("paged", 2) in events
        _, (late,) = await answers(silent.home, "warnings", "--overdue")
        assert late["warnings"] == []
        assert late["counts"]["due_from_us"] == 1


def test_a_warning_is_raised_answered_and_escalated(tmp_path):
    asyncio.run(story(tmp_path))
