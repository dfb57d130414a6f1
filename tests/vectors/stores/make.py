"""Make a small real store of today's layout: python tests/vectors/stores/make.py v2

Three real nodes share a few generated objects; one of them signs a second history, so that the other holds a refusal.
What is kept of that other is text: `store.sql`, and every other file of its folder in `files.json`.
Run it once, with the last version that writes a layout, before the next layout comes; what is made is never made again.
"""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import apsw
import apsw.shell

from tocsin.backends.sqlite.database import connect
from tocsin.cli.demo.acts import lines, open_channel, share
from tocsin.cli.demo.iocs import indicators
from tocsin.cli.demo.nodes import Federation

OUT = Path(__file__).parent


async def until(true):
    async with asyncio.timeout(60):
        while not await true():
            await asyncio.sleep(0.1)


async def receipted(*nodes):
    """Every member owes nothing to any other."""

    async def settled():
        told = [await one.control.get("/receipts") for one in nodes]
        return all(row["lag"] == 0 for one in told for row in one["standing"])

    await until(settled)


async def refused(node):
    async def told():
        rows = [row async for row in node.control.rows("GET", "/watch", {"after": 0, "follow": 0})]
        return any(row["kind"] == "refusal" for row in rows)

    await until(told)


async def play(folder):
    """The story; the folder of the member that is kept."""
    async with Federation(folder, 3) as federation:
        await federation.init()
        await federation.found()
        await federation.start()
        br, eg, fr = federation.nodes
        await open_channel(eg, "pair", ["eg-cert", "fr-cert"], kind="bilateral", title="Two")

        async def opened():
            told = [await one.control.get("/channels") for one in (eg, fr)]
            return all(sum(channel["open"] for channel in each) == 2 for each in told)

        await until(opened)
        for seed, node in enumerate((br, eg, fr)):
            await share(node, "plenary", lines(indicators(6, seed)))
        await share(eg, "pair", lines(indicators(4, 10)), "red")
        await share(fr, "pair", lines(indicators(3, 11)), "amber+strict")
        await eg.control.post("/accounts", {"name": "reader", "channels": ["plenary"]})
        await receipted(br, eg, fr)
        # The last one loses its disk, and somebody restores all of it, heads too.
        await fr.stop()
        shutil.copytree(fr.home.path, folder / "old", ignore=shutil.ignore_patterns("run"))
        await fr.start()
        await share(fr, "plenary", lines(indicators(1, 12)))
        await receipted(br, eg, fr)
        for one in (br, eg, fr):
            await one.stop()
        shutil.rmtree(fr.home.path)
        (folder / "old").rename(fr.home.path)
        await fr.start()
        await share(fr, "plenary", lines(indicators(1, 13)))
        await eg.start()
        await refused(eg)
        await eg.stop()
        return eg.home


def keep(home, to):
    """Everything of a folder as text."""
    to.mkdir()
    with (to / "store.sql").open("w", encoding="utf-8") as out:
        shell = apsw.shell.Shell(stdout=out, db=connect(str(home.store)))
        shell.process_command(".dump")
        shell.db.close()
    sql = to / "store.sql"
    kept = [line for line in sql.read_text(encoding="utf-8").splitlines() if not line.startswith("--")]
    sql.write_text("\n".join(kept) + "\n", encoding="utf-8")
    names = ["tocsin.toml", "descriptor.note", *sorted(f"keys/{one.name}" for one in home.keys.iterdir())]
    files = {name: (home.path / name).read_text(encoding="utf-8") for name in names}
    heads = {f"heads/{one.name}": one.read_bytes().hex() for one in sorted(home.heads.iterdir())}
    (to / "files.json").write_text(json.dumps({"text": files, "hex": heads}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        keep(asyncio.run(play(Path(made))), OUT / sys.argv[1])
