"""Plant each bug in a copy of the tree and see that the tests named in its patch go red.

    python tests/planted/run.py [NAME...]

A patch begins with what it breaks and with lines `Test: <pytest id>`. A test that stays green, or that does not run,
is a failure: a test nobody has seen fail proves nothing.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COPIED = ("src", "tests", "docs/formats", "pyproject.toml")
RED = 1  # pytest: tests ran and some failed
PATIENCE_S = 180


def tests_of(patch: Path) -> list[str]:
    """The pytest ids a patch names."""
    found = [line.removeprefix("Test:").strip() for line in patch.read_text().splitlines() if line.startswith("Test:")]
    if not found:
        raise SystemExit(f"{patch.name} names no test")
    return found


def copy_tree(to: Path) -> None:
    """A fresh copy of everything the tests need."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, to / name, ignore=shutil.ignore_patterns("__pycache__", "planted"))
        else:
            shutil.copy2(source, to / name)


def run_tests(tree: Path, tests: Sequence[str]) -> tuple[int, str]:
    """pytest's exit status and what it said, on the copy's own sources."""
    environment = {**os.environ, "PYTHONPATH": str(tree / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    where = [sys.executable, "-c", "import tocsin; print(tocsin.__file__)"]
    origin = subprocess.run(where, cwd=tree, env=environment, capture_output=True, text=True, check=True).stdout
    if not origin.startswith(str(tree)):
        raise SystemExit(f"the copy is not what would be tested, but {origin.strip()}")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
    command += ["-o", "addopts=--strict-markers --import-mode=importlib"]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return RED, "the tests did not end: that too is red"
    return done.returncode, done.stdout[-3000:] + done.stderr[-2000:]


def plant(patch: Path, tree: Path) -> bool:
    """Apply a patch to the copy."""
    done = subprocess.run(["git", "apply", "-C0", str(patch)], cwd=tree, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{patch.stem}: DOES NOT APPLY any more\n{done.stderr}", flush=True)
    return done.returncode == 0


def judge(patch: Path) -> bool:
    """Whether every test of the patch goes red."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        if not plant(patch, tree):
            return False
        found = True
        for test in tests_of(patch):
            status, said = run_tests(tree, [test])
            found = found and status == RED
            verdict = {RED: "found by", 0: "NOT FOUND by"}.get(status, "NOT RUN by")
            print(f"{patch.stem}: {verdict} {test}", flush=True)
            if status not in (RED, 0):
                print(said)
    return found


def whole(patches: Iterable[Path]) -> bool:
    """Whether the named tests are green without any bug: else their red would mean nothing."""
    tests = sorted({test for patch in patches for test in tests_of(patch)})
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy_tree(Path(folder))
        status, said = run_tests(Path(folder), tests)
    if status:
        print(said)
    print(f"without a bug: {len(tests)} named tests are {'red' if status else 'green'}", flush=True)
    return status == 0


def main() -> int:
    """0 when every planted bug is found."""
    wanted = set(sys.argv[1:])
    patches = [one for one in sorted(HERE.glob("*.patch")) if not wanted or one.stem in wanted]
    if not patches or not whole(patches):
        return 1
    missed = [patch.stem for patch in patches if not judge(patch)]
    print(
        f"{len(patches) - len(missed)} of {len(patches)} planted bugs found" + (f"; missed: {missed}" if missed else "")
    )
    return bool(missed)


if __name__ == "__main__":
    raise SystemExit(main())
