"""A node that is told to stop: in order, with all it had verified, and nothing left lying about; told twice, at once."""

import asyncio
import json
import re
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tocsin.backends.sqlite import database
from tocsin.backends.sqlite.database import SCHEMA, connect
from tocsin.cli.demo.acts import lines
from tocsin.cli.demo.iocs import indicators
from tocsin.cli.demo.nodes import Federation
from tocsin.node.fsck import check
from tocsin.node.home import Home
from tocsin.node.upgrade import KEPT

STEP = 1_000
PATIENCE_S = 60.0
STORES = sorted((Path(__file__).parents[1] / "vectors" / "stores").glob("v*"))
STUBBORN = """
import asyncio, sys
from tocsin.cli.main import main
from tocsin.node import run

async def stubborn(home, on_ready, **_):
    print("ready", flush=True)
    while True:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            print("asked", flush=True)

run.run = stubborn
sys.argv = ["tocsin", "run", "--home", sys.argv[1]]
main()
"""

pytestmark = pytest.mark.slow


def count(node):
    with closing(connect(str(node.home.store))) as connection:
        return next(iter(connection.execute("SELECT COUNT(*) FROM journal_rows WHERE kind = 1")))[0]


async def stopped(node, number):
    """Ask the process to end; its exit status."""
    node.process.send_signal(number)
    async with asyncio.timeout(PATIENCE_S):
        return await node.process.wait()


async def share(node, objects):
    async def body():
        for piece in lines(objects):
            if piece:
                yield piece

    async for _ in node.control.rows("POST", "/share", {"channel": "plenary"}, body()):
        pass


async def arrived(node, wanted):
    async with asyncio.timeout(PATIENCE_S):
        while count(node) < wanted:
            await asyncio.sleep(0.05)


async def story(folder, number):
    async with Federation(folder, 2) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        origin, peer = federation.nodes
        going, shared = asyncio.Event(), [0]

        async def go_on():
            while not going.is_set():
                await share(origin, list(indicators(STEP, shared[0])))
                shared[0] += STEP

        sharing = asyncio.ensure_future(go_on())
        await arrived(peer, 200)
        assert await stopped(peer, number) == 0
        held = count(peer)
        left = sorted(one.name for one in peer.home.run.iterdir())
        peer.home.lock().close()
        found = await check(peer.home)
        receipted = re.search(r"internal\.error", peer.diagnostics.read_text())
        going.set()
        await sharing
        await peer.start()
        await arrived(peer, shared[0])
        return held, left, found, receipted


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_in_the_middle_of_receiving(tmp_path, number):
    held, left, found, trouble = asyncio.run(story(tmp_path, number))
    assert held >= 200
    assert left == ["lock"]  # the file stays, nobody holds it
    assert (found["ok"], found["problems"], trouble) == (True, [], None)


def test_who_asks_twice_does_not_wait(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "tocsin", "init", "ma-cert", "--home", str(tmp_path / "ma")],
        check=True,
        capture_output=True,
    )
    process = subprocess.Popen([sys.executable, "-c", STUBBORN, str(tmp_path / "ma")], stdout=subprocess.PIPE)
    try:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == b"asked\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == -signal.SIGINT
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("kept", STORES, ids=lambda one: one.name)
def test_a_node_of_an_older_version_starts_and_says_what_it_did(kept, tmp_path):
    home = Home(tmp_path)
    files = json.loads((kept / "files.json").read_text())
    for folder in (home.keys, home.heads):
        folder.mkdir(mode=0o700)
    for name, text in files["text"].items():
        (tmp_path / name).write_text(text)
    for name, data in files["hex"].items():
        (tmp_path / name).write_bytes(bytes.fromhex(data))
    with closing(connect(str(home.store), create=True)) as connection:
        connection.execute((kept / "store.sql").read_text())
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "run", "--json", "--home", str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=log,
        )
        try:
            assert json.loads(process.stdout.readline())["handle"] == "eg-cert"
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
    told = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [KEPT in one["what"] for one in told if one["code"] == "store.upgraded"] == [True]
    with closing(connect(str(home.store))) as connection:
        assert database.layout(connection) == SCHEMA
    found = asyncio.run(check(home))
    assert (found["ok"], found["problems"]) == (True, [])
    ballast = home.ballast.stat().st_size if home.ballast.exists() else 0
    assert (ballast, (tmp_path / KEPT).is_file()) == (home.settings().ballast_bytes, True)
