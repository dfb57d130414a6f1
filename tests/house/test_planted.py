"""The planted bugs keep up with the tree: each can be planted, and the tests that should find it are there."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PATCHES = sorted((ROOT / "tests" / "planted").glob("*.patch"))


def missing(named, root):
    """Of pytest ids, those that no function answers to."""
    for one in named:
        path, _, name = one.partition("::")
        found = root / path
        if not found.is_file() or not re.search(rf"def {re.escape(name.partition('[')[0])}\b", found.read_text()):
            yield one


def test_every_planted_bug_names_tests_that_there_are():
    assert len(PATCHES) > 100
    for patch in PATCHES:
        named = re.findall(r"^Test: *(.+)$", patch.read_text(), re.MULTILINE)
        assert named, patch.name
        assert list(missing(named, ROOT)) == [], patch.name


def test_a_test_that_there_is_not_is_found():
    here = "tests/house/test_planted.py"
    named = [f"{here}::test_gone", "tests/house/gone.py::test_x", f"{here}::missing", f"{here}::missing[a::b]"]
    assert list(missing(named, ROOT)) == named[:2]


@pytest.mark.slow
def test_every_planted_bug_can_be_planted():
    refused = [
        patch.name
        for patch in PATCHES
        if subprocess.run(
            ["git", "apply", "--check", "-C0", str(patch)], cwd=ROOT, capture_output=True, check=False
        ).returncode
    ]
    assert refused == []
