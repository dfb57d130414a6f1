"""How long a member that lost everything but its keys needs until it shares again (trust.md, G11: under 10 minutes).

    python benchmarks/rejoin.py [ENTRIES]     100,000 by default

Three members in one process on the virtual clock and disks in memory: what is measured is the work of all three on one
core, so a lone node with a real disk and real sockets has more room than this. Half of the entries are its own.
"""

import asyncio
import json
import sys
import time
from uuid import UUID

from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.formats import statement
from tocsin.formats.tlp import Tlp
from tocsin.node.rejoin import close_logs
from tocsin.testing.federation import Federation, Node
from tocsin.testing.virtualtime import run

BATCH = 500


def made(number):
    return json.dumps(
        {
            "type": "tool",
            "spec_version": "2.1",
            "id": f"tool--{UUID(int=number, version=4)}",
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "name": f"tool {number}",
        },
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


async def main(entries):
    fed = Federation(asyncio.get_running_loop(), ["aa", "bb", "cc"], 1)
    await fed.found()
    for i, start in enumerate(range(0, entries, BATCH)):
        objects = [made(number) for number in range(start, min(entries, start + BATCH))]
        await fed.share(("aa", "bb")[i % 2], "plenary", objects, Tlp.GREEN)
    await fed.settled(3600.0)
    charters = [statement.encode(one.signed) for one in fed.core("bb").members.history]
    await fed.crash("aa")
    node = fed.nodes["aa"]
    node.storage = Node("aa", node.entropy, node.clock).storage
    began, virtual = time.perf_counter(), asyncio.get_running_loop().time()
    core = node.open()
    await core.load()
    await core.members.adopt(*charters)
    await close_logs(core.members, CheckpointFiles(node.storage.disk, threaded=False))
    await fed.crash("aa")
    await fed.restart("aa")
    back = fed.core("aa")
    slots = back.members.channel("plenary").slots
    await fed.until(lambda: not back.signer.behind(), 3600.0)
    await fed.until(lambda: sum(back.logs.get(slot).released for slot in slots.values()) == entries, 3600.0)
    await fed.share("aa", "plenary", [made(entries)], Tlp.GREEN)
    await fed.settled(3600.0)
    await back.synced()
    told = {
        "entries": entries,
        "seconds": round(time.perf_counter() - began, 1),
        "virtual_seconds": round(asyncio.get_running_loop().time() - virtual, 1),
        "fsck": (await node.fsck())["ok"],
    }
    await fed.stop()
    return told


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    sys.stdout.write(json.dumps(run(lambda: main(count), limit_s=100_000.0)) + "\n")
