"""Real nodes whose charter and channels change while they run; and one that loses its store and gets its word back."""

import json
import random
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest

from tocsin.formats.tlp import Tlp, marking_id

A, B, C, D = "aa-cert", "bb-cert", "cc-cert", "dd-cert"


def free_port():
    """None of those that the nodes which run already dial from: it must still be free when its node starts."""
    for port in random.sample(range(20_000, 32_000), 100):
        with suppress(OSError), socket.socket() as door:
            door.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def thing(number):
    return {
        "type": "malware",
        "spec_version": "2.1",
        "id": f"malware--00000000-0000-4000-8000-{number:012x}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": f"Specimen {number}",
        "is_family": True,
        "object_marking_refs": [marking_id(Tlp.GREEN)],
    }


class Town:
    """Some members' nodes, each in a folder, and the commands that their operators give."""

    def __init__(self, folder, stack):
        self.folder = folder
        self.stack = stack

    def home(self, handle):
        return self.folder / handle

    def try_(self, handle, *words, stdin=b""):
        """A command with --json: its exit status and the last object it told."""
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", "--home", str(self.home(handle)), *map(str, words), "--json"],
            check=False,
            input=stdin,
            capture_output=True,
            timeout=120,
        )
        assert done.stdout, done.stderr.decode()
        return done.returncode, json.loads(done.stdout.splitlines()[-1])

    def __call__(self, handle, *words, stdin=b""):
        """A command that must succeed."""
        status, told = self.try_(handle, *words, stdin=stdin)
        assert status == 0, told
        return told

    def init(self, *handles):
        for handle in handles:
            where = ("--peer-listen", f"127.0.0.1:{free_port()}", "--people-listen", "127.0.0.1:0")
            self(handle, "init", handle, *where)

    def found(self, *handles):
        self.init(*handles)
        charter = self.folder / "charter.note"
        self(handles[0], "charter", "found", "Town", *map(self.descriptor, handles), "--out", charter)
        for handle in handles[1:]:
            self(handle, "charter", "sign", charter)
        for handle in handles:
            self(handle, "charter", "adopt", charter)

    def descriptor(self, handle):
        return self.home(handle) / "descriptor.note"

    @contextmanager
    def running(self, handle):
        with (self.folder / f"{handle}.log").open("ab") as diagnostics:
            process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", "--home", str(self.home(handle)), "run", "--json"],
                stdout=subprocess.PIPE,
                stderr=diagnostics,
            )
        try:
            assert json.loads(process.stdout.readline())["schema"] == "tocsin.ready/1"
            yield process
        finally:
            process.terminate()
            process.wait(60)
            process.stdout.close()

    def start(self, *handles):
        for handle in handles:
            self.stack.enter_context(self.running(handle))

    def diagnostics(self, handle):
        return (self.folder / f"{handle}.log").read_text()

    def until(self, handle, *words, holds):
        """Ask again until it holds."""
        for _ in range(200):
            status, told = self.try_(handle, *words)
            if status == 0 and holds(told):
                return told
            time.sleep(0.1)
        raise AssertionError(told)

    def linked(self, handle, *others):
        def holds(told):
            return {one["peer"] for one in told["links"] if one["state"] == "up"} == set(others)

        self.until(handle, "status", holds=holds)

    def share(self, handle, number, channel="plenary"):
        """One object, to everybody's receipt; who could read it."""
        stdin = json.dumps(thing(number)).encode()
        told = self(handle, "share", "-", "--to", channel, "--wait", "60", stdin=stdin)
        assert (told["shared"], told["queued_for"]) == (1, [])
        return told["audience"]

    def holds(self, handle, channel="plenary"):
        """The numbers of all objects a node holds in a channel."""
        found = self(handle, "objects", "--channel", channel)["objects"]
        return sorted(int(one["id"][-12:], 16) for one in found)

    def fsck(self, *handles):
        for handle in handles:
            told = self(handle, "fsck")
            assert (told["ok"], told["problems"]) == (True, [])


@pytest.fixture
def town(tmp_path_factory):
    with ExitStack() as stack:
        yield Town(tmp_path_factory.mktemp("t"), stack)  # a short name: the path of a Unix socket has little room


def version(number):
    return lambda told: told["charter"]["version"] == number


def test_a_member_comes_and_goes(town):
    town.found(A, B, C)
    town.init(D)
    town.start(A, B, C)
    assert town.share(A, 1) == [A, B, C]
    admitted(town)
    assert town.share(B, 2) == [A, B, C, D]
    assert town.holds(D) == [2], "nothing of what was shared before"
    assert town.holds(A) == [1, 2]
    expelled(town)
    assert town.share(C, 3) == [A, B, C]
    assert town.holds(A) == [1, 2, 3]
    assert town.holds(D) == [2]
    assert town.try_(D, "share", "-", "--to", "plenary", stdin=json.dumps(thing(4)).encode())[0] == 4
    town.fsck(A, B, C, D)


def admitted(town):
    """D is proposed, consents on a file, is voted in, takes over the history and is linked to all."""
    proposal, history = town.folder / "next.note", town.folder / "history"
    made = town(A, "charter", "propose", "--admit", town.descriptor(D), "--out", proposal)
    assert (made["votes"], made["needed"], made["consent_missing"], made["in_force"]) == ([A], 2, [D], False)
    assert [one["handle"] for one in made["changes"]["admitted"]] == [D]
    told = town.until(B, "status", holds=lambda told: told["votes"])
    assert told["votes"] == [{"of": "charter", "digest": made["digest"], "version": 2, "round": 0}]
    assert town(B, "charter", "diff", made["digest"][:8])["changes"] == made["changes"]
    signed = town(D, "charter", "sign", proposal)
    assert {one["handle"] for one in signed["members"] if one["signed"]} == {A, D}
    assert town(B, "charter", "sign", made["digest"][:8])["in_force"] is False
    assert town(A, "charter", "sign", proposal)["in_force"] is True
    for handle in (A, B, C):
        town.until(handle, "status", holds=version(2))
    versions = town(C, "charter", "history", "--out", history)["versions"]
    assert [(one["version"], one["votes"]) for one in versions] == [(1, [A, B, C]), (2, [A, B])]
    alone = town.try_(D, "charter", "adopt", history / "charter-0001.note")
    assert (alone[0], alone[1]["code"]) == (4, "policy.charter-foreign")
    town(D, "charter", "adopt", *sorted(history.glob("charter-*.note")))
    town.start(D)
    town.linked(D, A, B, C)


def expelled(town):
    """D is voted out, by three of four; all links with it end, and it knows why."""
    made = town(A, "charter", "propose", "--expel", D)
    assert (made["needed"], [one["handle"] for one in made["changes"]["expelled"]]) == (3, [D])
    for handle in (B, C):
        town.until(handle, "status", holds=lambda told: told["votes"])
        signed = town(handle, "charter", "sign")
    assert signed["in_force"] is True
    for handle in (A, B, C):
        town.linked(handle, *{A, B, C} - {handle})
    told = town.until(D, "status", holds=version(3))
    assert told["charter"]["takes_part"] is False
    assert "peer.expelled" in town.diagnostics(D)


def test_a_channel_gets_another_roster(town):
    town.found(A, B, C)
    town.start(A, B, C)
    town(A, "channel", "create", "ports", B, "--kind", "thematic")
    town.until(A, "channel", "show", "ports", holds=lambda told: told["current"])
    assert town.share(A, 1, "ports") == [A, B]
    joined(town, 2)
    assert town.share(B, 2, "ports") == [A, B, C]
    assert town(A, "channel", "rekey", "ports")["channels"] == ["ports"]
    assert town.share(A, 3, "ports") == [A, B, C]
    assert town.holds(C, "ports") == [2, 3], "nothing of what was shared before"
    left(town)
    assert town.share(A, 4, "ports") == [A, B]
    taken_out(town, 3)
    joined(town, 4)
    assert town.share(B, 5, "ports") == [A, B, C]
    taken_out(town, 5)
    assert town.share(A, 6, "ports") == [A, B]
    assert town.holds(C, "ports") == [2, 3, 5]
    assert town.holds(B, "ports") == [1, 2, 3, 4, 5, 6]
    town.fsck(A, B, C)


def generation(number, *roster):
    return lambda told: (told["version"], told["current"], told["roster"]) == (number, True, sorted(roster))


def joined(town, number):
    """A proposes C, B agrees, and C joins by itself."""
    made = town(A, "channel", "invite", "ports", C)
    assert (made["add"], made["votes"], made["needed"], made["decided"]) == ([C], [A], 2, False)
    told = town.until(B, "status", holds=lambda told: told["votes"])
    assert told["votes"][0]["of"] == "ports"
    town(B, "channel", "agree", "ports", made["digest"][:8])
    for handle in (A, B, C):
        town.until(handle, "channel", "show", "ports", holds=generation(number, A, B, C))


def left(town):
    asked = town.try_(C, "channel", "leave", "ports")
    assert (asked[0], asked[1]["code"]) == (1, "config.unconfirmed")
    town(C, "channel", "leave", "ports", "--yes")
    for handle in (A, B):
        told = town.until(handle, "channel", "show", "ports", holds=generation(2, A, B))
        assert told["left"] == [{"member": C, "version": 2}]
    refused = town.try_(C, "share", "-", "--to", "ports", stdin=json.dumps(thing(9)).encode())
    assert (refused[0], refused[1]["code"]) == (4, "policy.channel-left")


def taken_out(town, number):
    """B proposes that C go, A agrees; whoever has left by itself is voted out too before it can be invited again."""
    made = town(B, "channel", "remove", "ports", C)
    assert (made["remove"], made["needed"], made["decided"]) == ([C], 2, False)
    town.until(A, "channel", "show", "ports", holds=lambda told: told["proposals"])
    assert town(A, "channel", "agree", "ports")["decided"] is True
    for handle in (A, B):
        town.until(handle, "channel", "show", "ports", holds=generation(number, A, B))


def test_a_lost_store_comes_back_from_a_backup_and_from_the_peers(town):
    town.found(A, B, C)
    town.start(B, C)
    copy = town.folder / "copy.tar"
    with town.running(A):
        assert town.share(A, 1) == [A, B, C]
        town(A, "backup", "--to", copy)
        for number in (2, 3):
            town.share(A, number)
        town.share(B, 4)
    for path in town.home(A).glob("store.sqlite*"):
        path.unlink()
    restored = town(A, "restore", copy)
    assert [(one["size"], one["signed"]) for one in restored["closed"]] == [(1, 3)]
    town.start(A)
    town.until(A, "status", holds=lambda told: not told["behind"] and not told["unasked"])
    assert town(A, "recover")["logs"] == []
    assert town.share(A, 5) == [A, B, C]
    assert [town.holds(one) for one in (A, B, C)] == [[1, 2, 3, 4, 5]] * 3
    assert [town(one, "evidence", "list")["evidence"] for one in (A, B, C)] == [[], [], []]
    town.fsck(A, B, C)


def test_who_is_gone_for_good_is_not_waited_for(town):
    town.found(A, B, C)
    town.start(B)
    copy = town.folder / "copy.tar"
    with town.running(A):
        shared(town, 1)
        town(A, "backup", "--to", copy)
        shared(town, 2)
    for path in town.home(A).glob("store.sqlite*"):
        path.unlink()
    town(A, "restore", copy)
    town.start(A)
    town.until(A, "status", holds=lambda told: told["totals"]["shared"] == 2)  # B has brought what was lost
    closed = town(A, "recover")["logs"]
    assert [(one["heard"], one["waits_for"], one["size"]) for one in closed] == [([B], [C], 2)]
    refused = town.try_(A, "recover", "--without", C)
    assert (refused[0], refused[1]["code"]) == (1, "config.unconfirmed")
    stranger = town.try_(A, "recover", "--without", D, "--yes")
    assert (stranger[0], stranger[1]["code"]) == (4, "policy.unknown-member")
    assert [one["open"] for one in town(A, "recover", "--without", C, "--yes")["logs"]] == [True]
    assert "tlog.without" in town.diagnostics(A)
    shared(town, 3)
    town.fsck(A, B)


def shared(town, number):
    """A shares one object, of which C hears nothing."""
    status, told = town.try_(A, "share", "-", "--to", "plenary", stdin=json.dumps(thing(number)).encode())
    assert (status, told["shared"], told["queued_for"]) == (6, 1, [C])
    town.until(B, "objects", holds=lambda told: len(told["objects"]) == number)
