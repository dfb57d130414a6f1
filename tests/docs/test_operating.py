"""What docs/operating.md tells an operator to do after a mishap, done."""

import json
import re
from pathlib import Path

import pytest

OPERATING = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
EG, FR = "eg.example", "fr.example"
OBJECT = (
    '{"type":"indicator","spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd%02d",'
    '"created":"2026-11-20T08:00:00.000Z","modified":"2026-11-20T08:00:00.000Z","pattern_type":"stix",'
    '"pattern":"[ipv4-addr:value = \'198.51.100.7\']","valid_from":"2026-11-20T08:00:00Z"}'
)

pytestmark = pytest.mark.slow


def block(beginning):
    return next(one for one in re.findall(r"```sh\n(.*?)```", OPERATING, re.DOTALL) if one.startswith(beginning))


def share(machine, number, options="--wait 30"):
    (machine.home / "one.json").write_text(OBJECT % number)
    return machine.run(f"tocsin share one.json --to plenary --tlp green {options}")


@pytest.fixture
def pair(machines):
    """Two members that run, after one shared object."""
    for name in (EG, FR):
        handle = f"{name[:2]}-cert"
        machines[name].run(f"tocsin init {handle} --peer-listen 0.0.0.0:7400 --endpoint {name}:7400")
    machines[EG].run("scp fr.example:.tocsin/descriptor.note fr.note")
    machines[EG].run("tocsin charter found HW ~/.tocsin/descriptor.note fr.note --out charter.note")
    machines[FR].run("scp eg.example:charter.note c; tocsin charter sign c; tocsin charter adopt c")
    machines[EG].run("scp fr.example:c c; tocsin charter adopt c")
    for one in machines.values():
        one.start("tocsin run")
    share(machines[EG], 1)
    return machines


def holds(machine, number, tries=40):
    """Whether an object comes within many questions; each takes the time of a process."""
    wanted = json.loads(OBJECT % number)["id"]
    return any(wanted in machine.run("tocsin objects --json") for _ in range(tries))


def test_a_restored_store_gets_back_what_it_lacks_and_goes_on(pair):
    eg, fr = pair[EG], pair[FR]
    assert "all proven" in eg.run(block("tocsin backup"))
    share(eg, 2)
    eg.stop()
    share(fr, 3, "--no-wait")
    restore, fsck = block("tocsin restore backup.tar\n").splitlines()
    assert "holds 1  signed 2" in eg.run(restore)
    assert "tlog.behind" in eg.run(f"{fsck} || true")
    eg.start("tocsin run")
    assert holds(eg, 3)
    share(eg, 4)  # not before its own entries are back from the other member
    share(fr, 5)
    eg.stop()
    assert "all proven" in eg.run(fsck)
    eg.start("tocsin run")
    assert "deliver.receipt" not in eg.run("tocsin status --json")


def test_a_damaged_checkpoint_file_is_made_again_from_the_newest_store(pair):
    eg = pair[EG]
    eg.stop()
    # The log that was shared in: the others are empty.
    file = max((eg.home / ".tocsin" / "heads").glob("*.head"), key=lambda one: one.read_bytes()[23:31])
    whole = file.read_bytes()
    file.write_bytes(bytes(len(whole)))
    assert "store.checkpoint-file" in eg.run("tocsin run 2>&1 || true")
    file.rename(eg.home / file.name)
    mend = block(".venv/bin/python - ").replace(".venv/bin/python", "python").replace("NAME.head", file.name)
    assert eg.run(mend) == f"{file.stem}: 1 entries\n"
    assert file.read_bytes()[23:63] == whole[23:63]
    assert "store.conflict" in eg.run(f"({mend}) 2>&1 || true")
    eg.start("tocsin run")
    share(eg, 2)
    assert "all proven" in eg.run("tocsin fsck")
