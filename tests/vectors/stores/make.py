"""Make a small real store of today's layout: python tests/vectors/stores/make.py v3

Three real nodes share a few generated objects; one of them takes one back (for v1 one signed a second history, which no
node does any more). What is kept of that one is text: `store.sql`, and every other file of its folder in `files.json`.
Run it once, with the last version that writes a layout, before the next layout comes; what is made is never made again.
"""

import asyncio
import json
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
        # Layout 2 knows erase orders and their receipts.
        rows = await eg.control.get("/objects", member="eg-cert", channel="plenary")
        wanted = {"object_id": rows[0]["id"], "channel": "plenary", "reason": "made for the store", "days": 1}
        await eg.control.post("/erasures", wanted)

        async def obeyed():
            return all(not one["missing"] for one in await eg.control.get("/erasures"))

        await until(obeyed)
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
