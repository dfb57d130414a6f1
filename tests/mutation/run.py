"""Mutation testing: change one thing in a module that decides, and see that a quick test goes red.

    python tests/mutation/run.py [MODULE ...]

Works on a copy of the tree with mutmut in a virtual environment of its own (beside the project's, whose packages it
borrows). A mutant that survives must stand in docs/mutation.md with the reason; otherwise the exit status is 1.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path
from typing import Final

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
EXPLAINED = ROOT / "docs" / "mutation.md"
COPIED = ("src", "tests", "docs", "pyproject.toml")

# Module -> the quick tests that must notice. Add what is new here: whatever decides who reads, what counts, what is proved.
TESTED: Final = {
    "formats/markings.py": ("tests/unit/formats/test_markings.py", "tests/properties/test_policy_oracle.py"),
    "formats/merkle.py": ("tests/unit/formats/test_merkle.py", "tests/properties/test_log_properties.py"),
    "exchange/receive/verify.py": ("tests/unit/exchange/receive/test_verify.py",),
}

SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {modules}
also_copy = ["docs"]
timeout_multiplier = 5.0
pytest_add_cli_args = ["-p", "no:xdist", "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
"""


def environment() -> Path:
    """The virtual environment with mutmut, made once for each state of its lock."""
    place = ROOT / ".venv" / "mutation"
    lock = HERE / "requirements.lock"
    stamp = place / "made"
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        print(f"mutmut goes into {place.relative_to(ROOT)}", flush=True)
        venv.create(place, with_pip=True, clear=True)
        pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--require-hashes", "-r", lock], check=True)
        [packages] = (place / "lib").glob("python*/site-packages")
        (packages / "project.pth").write_text(sysconfig.get_path("purelib") + "\n")
        stamp.write_text(lock.read_text())
    return place / "bin" / "mutmut"


def copy_tree(to: Path, modules: list[str]) -> None:
    """What the tests need, and which modules are to be mutated."""
    ignored = shutil.ignore_patterns("__pycache__", "planted", "soak", "mutation")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=ignored)
        else:
            shutil.copy2(ROOT / name, to / name)
    tests = [test for module in modules for test in TESTED[module]]
    settings = SETTINGS.format(modules=[f"src/tocsin/{module}" for module in modules], tests=tests)
    with (to / "pyproject.toml").open("a") as file:
        file.write(settings)


def survivors(mutmut: Path, tree: Path) -> list[tuple[str, str]]:
    """(name, what was made of which line) of every mutant that no test noticed."""
    said = subprocess.run([mutmut, "results"], cwd=tree, capture_output=True, text=True, check=True).stdout
    found = re.findall(r"^\s+(\S+): (survived|no tests|suspicious)$", said, re.MULTILINE)
    changes = []
    for name, _ in found:
        diff = subprocess.run([mutmut, "show", name], cwd=tree, capture_output=True, text=True, check=True).stdout
        lines = [line for line in diff.splitlines() if re.match(r"[-+](?![-+]{2})", line)]
        changes.append((name, " | ".join(f"{line[0]} {line[1:].strip()}" for line in lines)))
    return changes


def main() -> int:
    wanted = sys.argv[1:] or list(TESTED)
    unknown = set(wanted) - TESTED.keys()
    if unknown:
        raise SystemExit(f"not among the modules here: {', '.join(sorted(unknown))}")
    mutmut = environment()
    explained = EXPLAINED.read_text("utf-8")
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        tree = Path(folder)
        copy_tree(tree, wanted)
        subprocess.run([mutmut, "run"], cwd=tree, check=True)
        left = survivors(mutmut, tree)
    missing = [(name, change) for name, change in left if change not in explained]
    for name, change in missing:
        print(f"{name}\n    {change}")
    print(f"{len(left)} mutants survive, {len(missing)} of them unexplained in docs/mutation.md")
    return bool(missing)


if __name__ == "__main__":
    raise SystemExit(main())
