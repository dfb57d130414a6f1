"""`make test` runs two rounds beside one another: neither may fail unseen, and what either says is told."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CALL = "import sys; sys.path.insert(0, 'tools'); import beside; sys.exit(beside.together({quiet}, {loud}))"


@pytest.mark.slow
@pytest.mark.parametrize(("quiet", "loud", "status"), [(0, 0, 0), (1, 0, 1), (0, 2, 2), (5, 1, 1)])
def test_what_fails_in_either_fails_and_both_are_told(quiet, loud, status):
    said = {
        name: [sys.executable, "-c", f"import sys; print('{name} said'); sys.exit({code})"]
        for name, code in (("quiet", quiet), ("loud", loud))
    }
    done = subprocess.run(
        [sys.executable, "-c", CALL.format(**said)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.split()) == (status, ["loud", "said", "quiet", "said"]), done.stderr
