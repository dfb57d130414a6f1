"""doctor: every fault an operator can meet is made, and named with its code and the mend."""

import asyncio
import os
import shutil
import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from tocsin.backends.sqlite.database import connect
from tocsin.backends.system import keyring
from tocsin.backends.system.checkpoints import CheckpointFiles
from tocsin.cli import checking
from tocsin.edge.control import reading
from tocsin.edge.people import Services as PeopleServices
from tocsin.errors import MEANINGS, ConfigError, StoreError
from tocsin.exchange.members import charter, descriptor
from tocsin.formats import statement
from tocsin.formats.markings import ChannelKind
from tocsin.formats.merkle import Frontier
from tocsin.formats.tlp import Tlp
from tocsin.node import backup, doctor
from tocsin.node.faults import of_status
from tocsin.node.home import Home
from tocsin.node.making import InitSettings, create
from tocsin.node.readiness import Readiness
from tocsin.node.run import _control
from tocsin.ports.checkpoints import Held
from tocsin.testing.federation import Federation
from tocsin.testing.virtualtime import run

STOPPED = ConfigError("config.not-running", "no node runs")
CHECKOUT = {
    "doctor.browser-code",
    "config.brief-font",
}  # whether npm was there when this checkout was set up; edge/console/test_assets.py looks at it
NEW = {"config.not-running", "config.no-charter", "doctor.backup"}  # what is true of a node that was just made


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with socket.socket() as one, socket.socket() as other:
        ports = []
        for door in (one, other):
            door.bind(("127.0.0.1", 0))
            ports.append(door.getsockname()[1])
    settings = InitSettings("aa", peer_listen=f"127.0.0.1:{ports[0]}", people_listen=f"127.0.0.1:{ports[1]}")
    return create(tmp_path_factory.mktemp("made") / "aa", settings)


@pytest.fixture
def home(made, tmp_path):
    return Home(shutil.copytree(made.path, tmp_path / "aa"))


def faults(findings):
    """Their codes; each must say what and what to do."""
    for one in findings:
        assert set(one) == {"name", "state", "code", "what", "do"}
        assert one["state"] in ("ok", "warn", "fail")
        if one["state"] != "ok":
            assert one["code"] in MEANINGS, one
            assert one["what"], one
            assert one["do"], one
    return {one["code"] for one in findings if one["state"] != "ok"} - CHECKOUT


def found(home, node=STOPPED):
    return faults(doctor.examine(home, node)) - NEW


@pytest.mark.slow
def test_a_page_reads_no_large_store_through_and_says_so(home, monkeypatch):
    _rotten(home)

    def told(**how):
        return next(one for one in doctor.examine(home, STOPPED, **how) if one["name"] == "store")

    assert told(patient=False)["code"] == "fsck.sqlite", "a small one is read"
    monkeypatch.setattr(doctor, "_SMALL_STORE", 0)
    assert "too large to be read through here" in told(patient=False)["what"]
    assert told()["code"] == "fsck.sqlite"


@pytest.mark.slow
def test_a_new_node_has_only_what_a_new_node_lacks(home):
    assert faults(doctor.examine(home, STOPPED)) == NEW
    assert {one["state"] for one in doctor.examine(home, STOPPED)} == {"ok", "warn"}


def _settings(home):
    with home.config_file.open("a") as file:
        file.write("compres = true\n")


def _key(home):
    (home.keys / "log.key").unlink()


def _transport(home):
    (home.keys / "transport.key").unlink()


def _open_key(home):
    (home.keys / "log.key").chmod(0o644)


def _open_store(home):
    home.store.chmod(0o640)


def _damaged_key(home):
    (home.keys / "log.key").write_text("tocsin-key/v1 ed25519 AAAA\n")


def _certificate(home, days):
    (home.keys / "transport.key").unlink()
    (home.keys / "transport.crt").unlink()
    keyring._make_certificate(
        home.keys / "transport.key", home.keys / "transport.crt", "aa", datetime.now(UTC) - timedelta(days=3650 - days)
    )


def _descriptor(home):
    other = create(home.path.parent / "other", InitSettings("aa"))
    shutil.copy(other.descriptor, home.descriptor)


def _no_store(home):
    home.store.unlink()


def _junk(home):
    home.store.write_bytes(b"no database at all, " * 1000)


def _layout(number):
    def make(home):
        with closing(connect(str(home.store))) as connection:
            connection.execute(f"PRAGMA user_version = {number}")

    return make


def _rotten(home):
    with closing(connect(str(home.store))) as connection:
        connection.execute("CREATE TABLE x (a UNIQUE); INSERT INTO x VALUES (1), (2), (3)")
        connection.execute("PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name LIKE 'sqlite_auto%x_%'")
    # An index that the schema has forgotten leaves its page to nobody.


def _no_heads(home):
    home.heads.rmdir()


def _log(home, size=0):
    """A log of ours with one entry, and its checkpoint file at `size`."""
    tree = Frontier().extended([b"one"])
    with closing(connect(str(home.store))) as connection:
        connection.execute("INSERT INTO tlog_logs VALUES (1, ?, 1, 'aa', 1, ?)", (bytes(range(32)), tree.encode()))
    if size:
        with closing(doctor.SystemDisk(home.heads)) as disk:
            files = CheckpointFiles(disk, threaded=False)
            asyncio.run(files.replace(bytes(range(32)), None, Held(size, tree.root())))


def _torn(home):
    _log(home, 1)
    file = next(home.heads.iterdir())
    file.write_bytes(bytes(1024))


def _fork(home):
    _log(home, 1)
    home.ballast.write_bytes(b"")
    with closing(connect(str(home.store))) as connection:
        connection.execute("INSERT INTO receive_refusals VALUES (1, 'receive.fork', 1, 1, 1, x'')")


def _no_ballast(home):
    _log(home, 1)


def _clock(home):
    later = datetime.now(UTC).timestamp() + 3600
    os.utime(home.store, (later, later))


FAULTS = {
    "config.unknown-key": _settings,
    "config.key-missing": _key,
    "config.key-missing ": _transport,
    "format.key": _damaged_key,
    "doctor.permissions": _open_key,
    "doctor.permissions ": _open_store,
    "doctor.certificate": lambda home: _certificate(home, 10),
    "doctor.certificate ": lambda home: _certificate(home, -5),
    "doctor.descriptor": _descriptor,
    "store.missing": _no_store,
    "store.open": _junk,
    "store.schema": _layout(99),
    "store.old": _layout(1),
    "fsck.sqlite": _rotten,
    "doctor.heads": _no_heads,
    "tlog.behind": _log,
    "tlog.behind ": lambda home: _log(home, 2),
    "store.checkpoint-file": _torn,
    "receive.fork": _fork,
    "doctor.ballast": _no_ballast,
    "doctor.clock": _clock,
}


@pytest.mark.slow
@pytest.mark.parametrize("code", FAULTS)
def test_a_fault_of_the_folder(home, code):
    assert code.strip() not in found(home)
    FAULTS[code](home)
    assert code.strip() in found(home)


@pytest.mark.slow
def test_a_disk_that_is_nearly_full(home, monkeypatch):
    usage = shutil.disk_usage(home.path)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert found(home) == {"doctor.disk"}
    home.ballast.write_bytes(b"x")
    assert [
        f"rm {home.ballast}" in one["do"] for one in doctor.examine(home, STOPPED) if one["code"] == "doctor.disk"
    ] == [True]


@pytest.mark.parametrize(("key", "code"), [("peer_listen", "peer.listen"), ("people_listen", "config.people-listen")])
def test_a_port_that_is_taken(home, key, code):
    host, port = getattr(home.settings(), key).rsplit(":", 1)
    with socket.socket() as taken:
        taken.bind((host, int(port)))
        taken.listen()
        assert found(home) == {code}


@pytest.mark.slow
def test_an_old_backup(home, tmp_path):
    def named():
        return "doctor.backup" in faults(doctor.examine(home, STOPPED))

    assert named()
    backup.write(home, tmp_path / "b.tar")
    assert not named()
    backup._note(home, tmp_path / "b.tar", int((datetime.now(UTC) - timedelta(days=8)).timestamp() * 1e6))
    assert named()


@pytest.mark.slow
def test_a_certificate_that_has_ended_is_worse_than_one_that_will(home):
    def state():
        return next(one["state"] for one in doctor.examine(home, STOPPED) if one["name"] == "certificate")

    seen = [state()]
    for days in (10, -5):
        _certificate(home, days)
        seen.append(state())
    assert seen == ["ok", "warn", "fail"]


@pytest.mark.slow
def test_a_node_that_does_not_answer(home, monkeypatch):
    monkeypatch.setattr(checking, "_PATIENCE_S", 0.1)
    monkeypatch.chdir(home.path)
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("run/control.sock")
        door.listen()
        node = checking._node(SimpleNamespace(home=Home(Path())))
    assert found(home, node) == {"doctor.silent"}
    assert checking._node(SimpleNamespace(home=Home(Path()))).code == "config.not-running"


# -- a running node ---------------------------------------------------------------------------------------------


def told(story, handles=("aa", "bb"), before=lambda fed: None):
    """What the status of `aa` tells after the story, as doctor names it."""

    async def main():
        fed = Federation(asyncio.get_running_loop(), handles, 5)
        before(fed)
        await fed.found()
        await story(fed)
        core = fed.core("aa")
        people = PeopleServices(None, None, Readiness(core, lambda: fed.core("aa").links is not None).reasons)
        status = await reading.status(_control(None, core, people, None, None, lambda: ""))
        await fed.stop()
        return faults(of_status(status))

    return run(main, limit_s=600.0)


async def passing(fed, seconds=10.0):
    await fed.network.clock.sleep(seconds)


def test_a_node_that_is_well():
    assert told(passing) == set()


def test_a_member_that_is_down():
    async def story(fed):
        await fed.crash("bb")
        await passing(fed)

    assert told(story) <= {"peer.unreachable", "peer.gone"}
    assert told(story)


def test_two_clocks():
    def before(fed):
        fed.nodes["bb"].clock.offset_s = 60.0

    assert told(passing, before=before) == {"doctor.skew"}


def test_no_way_to_each_other():
    def before(fed):
        fed.nodes["aa"].endpoint = fed.nodes["bb"].endpoint = ""

    assert told(passing, ("aa", "bb", "cc"), before) == {"doctor.no-way"}


def test_another_charter():
    async def story(fed):
        await fed.crash("bb")
        node = fed.nodes["bb"]
        signed = charter.found("another", [one.describe() for one in fed.nodes.values()], Tlp.GREEN, 1)
        for one in fed.nodes.values():
            signed = descriptor.sign(signed, one.handle, one.keys)
        node.open()
        node._connection.execute("UPDATE members_charters SET note = ?", (statement.encode(signed),))
        await node.database.close()
        await fed.restart("bb")
        await passing(fed, 30.0)

    assert told(story) == {"peer.charter"}


def test_a_channel_that_waits():
    async def story(fed):
        await fed.crash("bb")
        await fed.core("aa").acts.create_channel("later", ChannelKind.THEMATIC, ["aa", "bb"])
        await passing(fed)

    assert "policy.channel-pending" in told(story)


def test_a_log_that_is_behind():
    async def story(fed):
        await fed.crash("aa")
        node = fed.nodes["aa"]
        core = node.open()
        await core.load()
        slot = core.members.channel("plenary").slots["aa"]
        heads = core.world.checkpoints
        await heads.replace(slot, await heads.load(slot), Held(9, bytes(32)))
        await node.database.close()
        await fed.restart("aa")
        await passing(fed)

    assert told(story) == {"tlog.behind"}


def test_search_that_stands_still_and_a_store_that_is_full():
    async def full(fed):
        async def refuse(work):
            raise StoreError("store.full", "no room")

        fed.core("aa").world.database.write = refuse

    async def still(fed):
        core = fed.core("aa")
        good = core.world.database.write

        async def without_search(work):
            if work == core.search._step:
                await asyncio.get_running_loop().create_future()
            return await good(work)

        core.world.database.write = without_search
        await core.receiver.record("bb", bytes(32), ConfigError("format.frame", "no frame"), b"")

    assert told(full) == {"store.full"}
    assert told(still) == {"store.search-behind"}


def test_what_a_peer_refuses_is_named():
    link = {"peer": "bb", "state": "up", "last_error": "", "skew_s": 0.0, "refused": ["receive.seal"]}
    status = {"links": [link], "channels": [], "behind": [], "not_ready": []}
    assert faults(of_status(status)) == {"receive.seal"}
    assert faults(of_status(status | {"links": [link | {"state": "never"}]})) >= {"peer.unreachable"}


def test_a_duty_to_warn_that_is_open_for_a_day_is_named():
    status = {"links": [], "channels": [], "behind": [], "not_ready": []}
    for oldest, wanted in ((None, set()), (86_399.0, set()), (86_401.0, {"doctor.duties"})):
        found = of_status(status | {"duties": {"open": 1, "oldest_s": oldest}})
        assert faults(found) == wanted
