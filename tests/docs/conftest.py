"""Two machines that are two folders of this one: what a page says an operator does is done here."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

MACHINES = ("eg.example", "fr.example")
SCP = '#!/bin/sh\nexec cp "$MACHINES/$(echo "$1" | sed s,:,/,)" "$2"\n'
CURL = """#!{python}
import sys, urllib.request, base64
at = sys.argv.index("-u")
asked = urllib.request.Request(sys.argv[at + 2])
asked.add_header("Authorization", "Basic " + base64.b64encode(sys.argv[at + 1].encode()).decode())
print(urllib.request.urlopen(asked, timeout=30).read().decode())
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Machine:
    """A folder that is somebody's home, with ports of its own in place of those the README names."""

    def __init__(self, name, world, ports):
        self.name = name
        self.home = world / name
        self.home.mkdir()
        self.ports = ports
        self.token = ""
        self.node = None
        path = f"{world / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.environment = {
            "HOME": str(self.home),
            "PATH": path,
            "MACHINES": str(world),
            "LANG": "C.UTF-8",
            "XDG_CACHE_HOME": str(Path.home() / ".cache"),  # ours: else each machine compiles the deny-lists anew
        }

    def adapted(self, commands):
        peer, people = self.ports[self.name]
        commands = commands.replace("0.0.0.0:7400", f"127.0.0.1:{peer} --people-listen 127.0.0.1:{people}")
        for name, (port, _) in self.ports.items():
            commands = commands.replace(f"{name}:7400", f"127.0.0.1:{port}")
        return commands.replace("127.0.0.1:7401", f"127.0.0.1:{people}").replace("TOKEN", self.token)

    def run(self, commands):
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.adapted(commands)],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        token = re.search(r"tcs_[A-Za-z0-9_-]{43}", done.stdout)
        self.token = token.group() if token else self.token
        return done.stdout

    def start(self, commands):
        with (self.home / "diagnostics").open("wb") as talk:
            self.node = subprocess.Popen(
                ["bash", "-c", f"exec {commands.strip()}"],
                cwd=self.home,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=talk,
            )
        assert b"is running" in self.node.stdout.readline(), (self.home / "diagnostics").read_text()

    def stop(self):
        if self.node is not None:
            self.node.terminate()
            self.node.wait(30)
            self.node.stdout.close()


@pytest.fixture
def machines():
    world = Path(tempfile.mkdtemp(prefix="tocsin-readme-"))  # short: the control socket's path is limited
    ports = {name: (free_port(), free_port()) for name in MACHINES}
    (world / "bin").mkdir()
    for name, text in (("scp", SCP), ("curl", CURL.format(python=sys.executable))):
        (world / "bin" / name).write_text(text)
        (world / "bin" / name).chmod(0o755)
    made = {name: Machine(name, world, ports) for name in MACHINES}
    yield made
    for one in made.values():
        one.stop()
    shutil.rmtree(world)
