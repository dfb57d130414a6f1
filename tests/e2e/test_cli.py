"""The commands against real nodes: three founders, of whom two run and the third cannot be reached."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tocsin.formats.tlp import Tlp, marking_id

BR, EG, FR = "br-cert", "eg-cert", "fr-cert"
PAIR = "br-eg"
SOURCE = "identity--7d1fd8c3-9a4f-4c55-8d3c-0a9b6e1f2a01"


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str

    @property
    def told(self):
        """The one JSON object on stdout."""
        return json.loads(self.out)


def tocsin(*words, home=None, stdin=b""):
    """Run the command to its end."""
    before = [] if home is None else ["--home", str(home)]
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", *before, *map(str, words)],
        check=False,
        input=stdin,
        capture_output=True,
        timeout=120,
    )
    return Done(done.returncode, done.stdout.decode(), done.stderr.decode())


def start(home, *words, log):
    """A running node and its ready line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "--home", str(home), "run", "--json", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=log,
    )
    line = process.stdout.readline()
    assert line, "the node did not start"
    return process, json.loads(line)


def stop(process):
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdin.close()
    process.stdout.close()


def free_port():
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def thing(number, level=Tlp.GREEN, **more):
    """A small valid object; `number` makes its id."""
    made = {
        "type": "malware",
        "spec_version": "2.1",
        "id": f"malware--00000000-0000-4000-8000-{number:012x}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": f"Specimen {number}",
        "is_family": True,
    }
    if level is not None:
        made["object_marking_refs"] = [marking_id(level)]
    return made | more


def lines(*things):
    return b"".join(json.dumps(one).encode() + b"\n" for one in things)


class Members:
    """The founders' folders; BR and EG run."""

    def __init__(self, folder):
        self.folder = folder
        self.charter = folder / "charter.note"
        self.homes = {one: folder / one for one in (BR, EG, FR)}
        self.running = []

    def found(self):
        for handle, home in self.homes.items():
            port = free_port()
            done = tocsin(
                "init", handle, "--peer-listen", f"127.0.0.1:{port}", "--people-listen", "127.0.0.1:0", home=home
            )
            assert done.status == 0, done.err
        notes = [home / "descriptor.note" for home in self.homes.values()]
        assert tocsin("charter", "found", "Test", *notes, "--out", self.charter, home=self.homes[BR]).status == 0
        copy = self.folder / "copy.note"
        shutil.copy(self.charter, copy)
        assert tocsin("charter", "sign", copy, home=self.homes[EG]).status == 0
        assert tocsin("charter", "sign", self.charter, "--merge", copy, home=self.homes[FR]).status == 0
        for home in self.homes.values():
            assert tocsin("charter", "adopt", self.charter, home=home).status == 0

    def start(self):
        for handle in (BR, EG):
            with (self.folder / f"{handle}.log").open("wb") as log:
                self.running.append(start(self.homes[handle], log=log)[0])
        assert tocsin("channel", "create", PAIR, EG, home=self.homes[BR]).status == 0
        for handle in (BR, EG):
            self.until(handle, "channel", "show", PAIR, holds=lambda told: told["open"])

    def stop(self):
        for process in self.running:
            stop(process)

    def __call__(self, handle, *words, stdin=b""):
        """A command at one of them, with --json."""
        return tocsin(*words, "--json", home=self.homes[handle], stdin=stdin)

    def until(self, handle, *words, holds):
        """Ask again until it holds."""
        for _ in range(100):
            done = self(handle, *words)
            if done.status == 0 and holds(done.told):
                return done.told
        raise AssertionError(done.out + done.err)

    def held(self, handle):
        """How many objects a node holds in all."""
        totals = self(handle, "status").told["totals"]
        return totals["shared"] + totals["received"]


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    made = Members(tmp_path_factory.mktemp("cli"))
    made.found()
    try:
        made.start()
        yield made
    finally:
        made.stop()


def tree(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_init_never_overwrites(tmp_path):
    first = tocsin("init", BR, home=tmp_path / "node")
    assert first.status == 0
    assert "fingerprint" in first.out
    before = tree(tmp_path)
    again = tocsin("init", BR, "--json", home=tmp_path / "node")
    assert (again.status, again.told["code"]) == (1, "config.exists")
    assert tree(tmp_path) == before


def test_a_charter_that_lacks_a_signature_binds_nobody(tmp_path):
    one, two, charter = tmp_path / "one", tmp_path / "two", tmp_path / "charter.note"
    tocsin("init", BR, home=one)
    tocsin("init", EG, home=two)
    found = ("charter", "found", "Test", one / "descriptor.note", two / "descriptor.note", "--out", charter)
    assert tocsin(*found, home=one).status == 0
    assert tocsin(*found, "--json", home=one).told["code"] == "config.exists"
    refused = tocsin("charter", "adopt", charter, "--json", home=one)
    assert (refused.status, refused.told["code"]) == (4, "policy.charter-unsigned")
    assert EG in refused.told["what"]
    running = tocsin("run", "--json", home=one)
    assert (running.status, running.told["code"]) == (1, "config.no-charter")
    shown = tocsin("charter", "show", charter, "--json", home=tmp_path / "nowhere").told
    assert {each["handle"]: each["signed"] for each in shown["members"]} == {BR: True, EG: False}


def test_what_the_rules_forbid_is_refused_with_4_and_leaves_nothing(members):
    before = members.held(BR)
    done = members(BR, "share", "-", "--to", "plenary", stdin=lines(thing(1), thing(2, Tlp.RED)))
    assert (done.status, done.told["code"], done.told["shared"]) == (4, "policy.above-ceiling", 0)
    assert [one["ordinal"] for one in done.told["refusals"]] == [2]
    assert "nothing was shared" in done.err
    unmarked = members(BR, "share", "-", "--to", PAIR, stdin=lines(thing(3, None)))
    assert (unmarked.status, unmarked.told["code"]) == (4, "policy.unmarked")
    unknown = members(BR, "share", "-", "--to", "nowhere", stdin=lines(thing(3)))
    assert (unknown.status, unknown.told["code"]) == (4, "policy.no-such-channel")
    assert members.held(BR) == before


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"this is not JSON", "format.bundle"),
        (b"", "format.bundle"),
        (lines(thing(11), thing(12, is_family="perhaps")), "format.stix"),
        (b'{"type":"malware","type":"tool"}', "format.json-duplicate-key"),
    ],
)
def test_a_bad_file_is_refused_with_1_and_leaves_nothing(members, content, code):
    before = members.held(BR)
    done = members(BR, "share", "-", "--to", PAIR, stdin=content)
    assert (done.status, done.told["code"], done.told["shared"]) == (1, code, 0)
    assert members.held(BR) == before


def test_a_dry_run_tells_everything_and_shares_nothing(members):
    before = members.held(BR)
    done = members(BR, "share", "-", "--to", PAIR, "--dry-run", stdin=lines(thing(21), thing(22)))
    assert done.status == 0
    assert (done.told["accepted"], done.told["shared"], done.told["audience"]) == (2, 0, [BR, EG])
    assert members.held(BR) == before


def test_with_partial_the_good_ones_are_shared(members):
    mixed = lines(thing(31), thing(32, Tlp.RED), thing(33, is_family=3))
    done = members(BR, "share", "-", "--to", "plenary", "--partial", "--no-wait", stdin=mixed)
    assert (done.status, done.told["shared"], done.told["refused"]) == (0, 1, 2)


def test_an_object_arrives_as_the_very_bytes_with_receipts(members, tmp_path):
    one = thing(41, Tlp.RED, description="naïve — ☂", x_unknown={"b": 1, "a": [1.5, None]})
    file = tmp_path / "one.json"
    file.write_text(json.dumps(one, indent=3, ensure_ascii=False))
    done = members(BR, "share", file, "--to", PAIR, "--wait", "60")
    assert (done.status, done.told["shared"], done.told["queued_for"]) == (0, 1, [])
    ours = members(BR, "show", one["id"]).told
    theirs = members.until(EG, "show", one["id"], holds=lambda _: True)
    assert theirs["versions"][0]["content"] == ours["versions"][0]["content"]
    assert json.loads(theirs["versions"][0]["content"]) == one
    assert theirs["versions"][0]["marking"] == "TLP:RED"
    assert [receipt["member"] for receipt in ours["versions"][0]["receipts"]] == [EG]
    assert ours["audience"] == [BR, EG]
    standing = members(BR, "receipts", "--channel", PAIR).told["standing"]
    assert [(row["member"], row["lag"]) for row in standing] == [(EG, 0)]
    again = members(BR, "share", file, "--to", PAIR)
    assert (again.status, again.told["shared"], again.told["already_shared"]) == (0, 0, 1)
    found = members(BR, "objects", "--channel", PAIR, "--find", "Specimen 41").told["objects"]
    assert [row["id"] for row in found] == [one["id"]]
    person = tocsin("show", one["id"], home=members.homes[BR])
    assert "signed for by eg-cert" in person.out


def test_whoever_cannot_be_reached_makes_it_queued_and_6(members):
    done = members(BR, "share", "-", "--to", "plenary", stdin=lines(thing(51)))
    assert (done.status, done.told["shared"], done.told["queued_for"]) == (6, 1, [FR])
    assert FR in tocsin("status", home=members.homes[BR]).out


def test_watch_tells_what_happened_line_by_line(members):
    position = members(BR, "status").told["position"]
    members(BR, "share", "-", "--to", PAIR, "--wait", "60", stdin=lines(thing(61), thing(62)))
    done = members(BR, "watch", "--after", position, "--no-follow")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert {row["schema"] for row in rows} == {"tocsin.event/1"}
    entries = [row["id"] for row in rows if row["kind"] == "entry" and row["channel"] == PAIR]
    assert entries == [thing(61)["id"], thing(62)["id"]]
    assert [row["member"] for row in rows if row["kind"] == "receipt" and row["channel"] == PAIR] == [EG]
    assert [row["position"] for row in rows] == sorted({row["position"] for row in rows})


def test_watch_follows_until_it_is_interrupted(members):
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", "watch", "--json", "--after", "0", "--home", str(members.homes[BR])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    members(BR, "share", "-", "--to", PAIR, stdin=lines(thing(71)))
    seen = b""
    while thing(71)["id"].encode() not in seen:
        seen = process.stdout.readline()
        assert seen
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 130
    assert process.stderr.read() == b""
    process.stdout.close()
    process.stderr.close()


def test_channels_are_listed_and_shown(members):
    listed = {one["name"]: one for one in members(BR, "channel", "list").told["channels"]}
    assert (listed["plenary"]["kind"], listed[PAIR]["kind"]) == ("plenary", "bilateral")
    shown = members(EG, "channel", "show", PAIR).told
    assert (shown["roster"], shown["creator"], shown["schema"]) == ([BR, EG], BR, "tocsin.channel/1")
    taken = members(BR, "channel", "create", PAIR, EG)
    assert taken.status == 4
    waiting = members(BR, "channel", "create", "later", EG, FR)
    assert (waiting.status, waiting.told["open"], waiting.told["kind"]) == (0, False, "thematic")
    early = members(BR, "share", "-", "--to", "later", stdin=lines(thing(81)))
    assert (early.status, early.told["code"]) == (4, "policy.channel-pending")
    assert "waiting for" in tocsin("channel", "list", home=members.homes[BR]).out


def test_accounts_come_and_go(members):
    made = members(BR, "account", "add", "siem", "--channel", PAIR).told
    assert made["token"].startswith("tcs_")
    assert [one["name"] for one in members(BR, "account", "list").told["accounts"]] == ["siem"]
    assert members(BR, "account", "add", "siem").told["code"] == "config.account-exists"
    assert members(BR, "account", "remove", "siem").status == 0
    assert members(BR, "account", "list").told["accounts"] == []
    assert members(BR, "account", "remove", "siem").told["code"] == "config.unknown-account"


def test_the_health_of_a_running_node(members):
    status = members(BR, "status").told
    assert (status["schema"], status["handle"], status["charter"]["members"]) == ("tocsin.status/1", BR, 3)
    assert {link["peer"] for link in status["links"]} == {EG, FR}
    checks = members(BR, "doctor")
    assert (checks.status, checks.told["ok"], checks.told["failed"]) == (0, True, 0)
    beside = members(BR, "fsck")
    assert (beside.status, beside.told["ok"], beside.told["problems"]) == (0, True, [])
    for word in ("doctor", "fsck", "status"):
        assert tocsin(word, home=members.homes[BR]).status == 0


def test_fsck_finds_an_altered_byte_and_ends_with_5(members, tmp_path):
    members(BR, "share", "-", "--to", PAIR, "--wait", "60", stdin=lines(thing(91, name="Tamper with me")))
    copy = tmp_path / "copy"
    shutil.copytree(members.homes[BR], copy, ignore=shutil.ignore_patterns("*.sock"))
    altered = 0
    for path in copy.glob("store.sqlite*"):
        data = path.read_bytes()
        altered += data.count(b'"name":"Tamper with me"') + data.count(b'"name": "Tamper with me"')
        path.write_bytes(data.replace(b"Tamper with me", b"Tamper with ME"))
    assert altered
    done = tocsin("fsck", "--json", home=copy)
    assert (done.status, done.told["ok"]) == (5, False)
    assert done.told["problems"]
    assert "PROBLEM" in tocsin("fsck", home=copy).out


def test_one_folder_is_one_process_and_it_stops_when_told(members, tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("one")  # a short name: the path of a Unix socket has little room
    home = tmp_path / "node"
    shutil.copytree(members.homes[FR], home)
    with (tmp_path / "log").open("wb") as log:
        process, ready = start(home, "--stop-with-stdin", log=log)
        try:
            assert (ready["schema"], ready["handle"]) == ("tocsin.ready/1", FR)
            second = tocsin("run", "--json", home=home)
            assert (second.status, second.told["code"]) == (1, "config.running")
            process.stdin.close()
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()
            process.stdout.close()
        process, _ = start(home, log=log)
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(20) == 0
        finally:
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()
    gone = tocsin("status", "--json", home=home)
    assert (gone.status, gone.told["code"]) == (1, "config.not-running")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may take another user's place")
@pytest.mark.parametrize("folder_is_open", [False, True])
def test_another_user_may_not_use_the_socket(members, folder_is_open):
    # The two first calls load every module: another user may not even be able to read this Python.
    script = (
        "import os, sys; home = sys.argv[1]\n"
        "from tocsin.cli.main import main\n"
        "def call(home):\n"
        "    sys.argv = ['tocsin', 'status', '--json', '--home', home]\n"
        "    try: main()\n"
        "    except SystemExit as ended: return ended.code\n"
        "assert call('/nowhere') == 1\n"
        "assert call(home) == 0\n"
        "os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(call(home))\n"
    )
    home = members.homes[EG]
    opened = [path for path in (home, home / "run", *home.parents) if path.is_relative_to(Path("/tmp"))]  # noqa: S108 - only to read modes
    modes = {path: path.stat().st_mode & 0o7777 for path in opened if path != Path("/tmp")}  # noqa: S108 - as above
    try:
        for path in modes:
            path.chmod(0o755 if folder_is_open or path not in (home, home / "run") else 0o700)
        (home / "tocsin.toml").chmod(0o644)
        done = subprocess.run([sys.executable, "-c", script, str(home)], check=False, capture_output=True, timeout=60)
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert done.returncode == 7, done.stderr.decode()
    assert json.loads(done.stdout.splitlines()[-1])["code"] == "access.socket"


VERIFY = Path(__file__).resolve().parents[2] / "docs" / "formats" / "verify.py"


def test_a_log_is_exported_beside_the_running_node_and_proven_without_it(members, tmp_path):
    assert members(BR, "share", "-", "--to", PAIR, "--wait", "30", stdin=lines(thing(70), thing(71))).status == 0
    files = {EG: tmp_path / "theirs", BR: tmp_path / "ours"}
    shown = members(BR, "channel", "show", PAIR).told["logs"]
    (size,) = [one["size"] for one in shown if one["origin"] == BR]
    for handle, file in files.items():
        done = members(handle, "log", "export", PAIR, "--origin", BR, "--out", file)
        assert (done.status, done.told["schema"]) == (0, "tocsin.log/1")
        assert (done.told["entries"], done.told["erased"]) == (size, 0)
        assert (file.stat().st_mode & 0o777, done.told["bytes"]) == (0o600, file.stat().st_size)
    assert not list(tmp_path.glob("*.partial"))
    assert members(BR, "log", "export", PAIR, "--out", files[BR]).told["code"] == "config.exists"
    assert members(BR, "log", "export", PAIR, "--out", tmp_path / "no" / "x").told["code"] == "export.file"
    assert members(BR, "log", "export", "none", "--out", tmp_path / "x").told["code"] == "policy.no-such-channel"
    words = [sys.executable, "-E", "-s", VERIFY, "--json", "--charter", members.charter, *files.values()]
    done = subprocess.run(words, check=False, capture_output=True, timeout=60)
    told = {Path(one["file"]): one for one in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, done.stdout
    assert told[files[BR]]["root"] == told[files[EG]]["root"]
    assert list(told[files[BR]]["receipts"]) == [EG]
