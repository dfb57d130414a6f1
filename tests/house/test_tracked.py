"""What is under version control: no place of this or any machine, no registry, no secret, no index in a lock file."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Written apart, so that this file does not hold what it looks for.
MACHINE = re.compile("|".join(("/" + "work/", "/" + "root/", "/" + "home/[a-z]", "/" + "Users/", "C:" + r"\\+Users")))
REGISTRY = re.compile(
    "|".join(
        (
            "py" + r"pi\.(org|python)",
            "python" + "hosted",
            "art" + "ifactory",
            "npm" + r"js\.",
            "/" + "simple/?$",
            "index" + "-url",
        )
    )
)
SECRET = re.compile(
    "|".join(("PRIVATE" + " KEY-----", "tocsin-key/v1 (ed25519|x-wing) [A-Za-z0-9+/]{43,}=*\n?$")), re.MULTILINE
)
PUBLISHED = ("tests/", "docs/formats/")  # keys of test vectors, known to everybody


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is not a checkout: what is tracked cannot be told")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def texts():
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data:
            yield str(path.relative_to(ROOT)), data.decode("utf-8", "replace")


def found(pattern, skip=()):
    return [
        (name, match.group())
        for name, text in texts()
        if not name.startswith(skip)
        for match in [pattern.search(text)]
        if match
    ]


@pytest.mark.slow
def test_no_place_of_a_machine():
    # STIX samples are about places on other people's machines.
    assert found(MACHINE, skip=("tests/vectors/stix/",)) == []


@pytest.mark.slow
def test_no_registry():
    # The build command of the lock says that no index is to be written down.
    assert [one for one in found(REGISTRY) if one[0] != "Makefile"] == []


@pytest.mark.slow
def test_no_secret():
    assert found(SECRET, skip=PUBLISHED) == []
    kinds = {".key", ".crt", ".sqlite", ".head", ".sqlite-wal", ".sqlite-shm", ".sock"}
    assert [path.name for path in tracked() if path.suffix in kinds] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_everything_and_names_no_index(name):
    text = (ROOT / name).read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(lines) > 20
    assert all("==" in line for line in lines), [line for line in lines if "==" not in line]
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host", text)
    assert text.count("--hash=sha256:") >= len(lines)


def test_the_patterns_find_what_they_are_for():
    assert MACHINE.search("see /" + "work/main")
    assert REGISTRY.search("https://py" + "pi.org/x")
    assert SECRET.search("tocsin-key/v1 ed25519 " + "A" * 43 + "=\n")
    assert not MACHINE.search("/var/lib/tocsin")
