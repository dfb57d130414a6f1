"""Every test in two rounds beside one another: what drives a browser, which waits much, and the rest on every core.

What the browser's round says is kept and told whole when the rest is done. The exit status is that of the first round
that failed. An interrupt reaches both, since they are of one process group, and both stop what they started.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from typing import Final

PYTEST: Final = (sys.executable, "-m", "pytest")
BROWSER: Final = (*PYTEST, "-m", "not long", "tests/browser")
# What is slow stands side by side in the list: whoever is free takes of it.
REST: Final = (*PYTEST, "-m", "not long", "-n", "auto", "--dist", "worksteal")


def together(quiet: Sequence[str], loud: Sequence[str]) -> int:
    """Run both; `loud` is seen as it goes, `quiet` afterwards."""
    with tempfile.TemporaryFile() as kept:
        with subprocess.Popen(quiet, stdout=kept, stderr=subprocess.STDOUT) as beside:
            try:
                status = subprocess.run(loud, check=False).returncode
            finally:
                other = beside.wait()
        kept.seek(0)
        sys.stdout.flush()
        sys.stdout.buffer.write(kept.read())
        sys.stdout.flush()
    return status or other


if __name__ == "__main__":
    sys.exit(together(BROWSER, REST))
