"""Real nodes, one of which nobody can dial: it dials, and is a member like any other; and two that dial at once."""

import json
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager

import pytest

from tocsin.formats.tlp import Tlp, marking_id

SMALL, LARGE = "aa-cert", "zz-cert"


def tocsin(home, *words, stdin=b""):
    """A command that must succeed; the last line it prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "--home", str(home), *map(str, words), "--json"],
        check=False,
        input=stdin,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    return json.loads(done.stdout.splitlines()[-1])


@contextmanager
def running(home):
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "--home", str(home), "run", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert json.loads(process.stdout.readline())["schema"] == "tocsin.ready/1"
        yield process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def found(folder, *can_be_dialed):
    """Two members under one charter: their folders by handle."""
    homes = {handle: folder / handle for handle in (SMALL, LARGE)}
    for (handle, home), can in zip(homes.items(), can_be_dialed, strict=True):
        how = (
            ("--peer-listen", f"127.0.0.1:{free_port()}") if can else ("--peer-listen", "127.0.0.1:0", "--no-endpoint")
        )
        tocsin(home, "init", handle, "--people-listen", "127.0.0.1:0", *how)
    charter = folder / "charter.note"
    notes = [home / "descriptor.note" for home in homes.values()]
    tocsin(homes[SMALL], "charter", "found", "Two", *notes, "--out", charter)
    tocsin(homes[LARGE], "charter", "sign", charter)
    for home in homes.values():
        tocsin(home, "charter", "adopt", charter)
    return homes


def until(homes, holds):
    """Ask both for their status until it holds."""
    for _ in range(100):
        told = {handle: tocsin(home, "status") for handle, home in homes.items()}
        if all(holds(one) for one in told.values()):
            return told
    raise AssertionError(told)


def thing(number):
    return json.dumps(
        {
            "type": "malware",
            "spec_version": "2.1",
            "id": f"malware--00000000-0000-4000-8000-{number:012x}",
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "name": f"Specimen {number}",
            "is_family": True,
            "object_marking_refs": [marking_id(Tlp.GREEN)],
        }
    ).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("small", "large"),
    [
        pytest.param(True, False, id="the larger dials out"),
        pytest.param(False, True, id="the smaller dials out", marks=pytest.mark.long),
        pytest.param(True, True, id="both dial"),
    ],
)
def test_whoever_dials_both_give_and_get(tmp_path, small, large):
    homes = found(tmp_path, small, large)
    with ExitStack() as stack:
        for home in homes.values():
            stack.enter_context(running(home))
        until(homes, lambda told: told["links"][0]["state"] == "up")
        for number, home in enumerate(homes.values(), 1):
            tocsin(home, "share", "-", "--to", "plenary", stdin=thing(number))
        told = until(homes, lambda told: told["totals"]["received"] == 1 and not told["behind"])
        assert all(one["totals"]["shared"] == 1 for one in told.values())
    if not (small and large):
        return
    with running(homes[LARGE]), running(homes[SMALL]):  # the larger is there first, and finds nobody
        until(homes, lambda told: told["links"][0]["state"] == "up")
        tocsin(homes[SMALL], "share", "-", "--to", "plenary", stdin=thing(9))
        until(
            homes, lambda told: sum(told["totals"][one] for one in ("shared", "received")) == 3 and not told["behind"]
        )


@pytest.mark.slow
def test_two_that_cannot_be_dialed_are_told(tmp_path):
    homes = found(tmp_path, False, False)
    with running(homes[SMALL]):
        assert [one["state"] for one in tocsin(homes[SMALL], "status")["links"]] == ["no-way"]
        checks = [one for one in tocsin(homes[SMALL], "doctor")["checks"] if one["name"] == "charter"]
    assert [one["state"] for one in checks] == ["ok", "warn"]
    assert LARGE in checks[1]["what"]
