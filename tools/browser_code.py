"""Bring the browser code and the fonts of others, pinned in package-lock.json, into the console's static folder; draw its map.

Without npm the console works without JavaScript and makes no brief: this says so and is no failure.
"""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "src" / "tocsin" / "edge" / "console" / "static" / "third-party"
NAMED = (
    ("htmx.org/dist/htmx.min.js", "htmx.min.js"),
    ("htmx.org/dist/ext/hx-sse.min.js", "hx-sse.min.js"),
    ("dejavu-fonts-ttf/ttf/DejaVuSansCondensed.ttf", "DejaVuSansCondensed.ttf"),
    ("dejavu-fonts-ttf/ttf/DejaVuSansCondensed-Bold.ttf", "DejaVuSansCondensed-Bold.ttf"),
)
WITHOUT = "the console will work without JavaScript and make no brief, and `tocsin doctor` says so"


def main() -> int:
    """0 when the folder is filled, 3 when it cannot be: setup goes on without."""
    npm = shutil.which("npm")
    if npm is None:
        print(f"npm is not here: {WITHOUT}. Install npm and run `make setup` again.", file=sys.stderr)
        return 3
    done = subprocess.run([npm, "ci", "--silent"], cwd=ROOT, check=False, stdout=sys.stderr)
    if done.returncode:
        print(f"npm could not fetch what package-lock.json names: {WITHOUT}.", file=sys.stderr)
        return 3
    TARGET.mkdir(parents=True, exist_ok=True)
    for old in TARGET.iterdir():
        old.unlink()
    for source, name in NAMED:
        shutil.copyfile(ROOT / "node_modules" / source, TARGET / name)
    drawn = subprocess.run(["node", str(ROOT / "tools" / "map.mjs"), str(TARGET / "world.json")], check=False)
    if drawn.returncode:
        return drawn.returncode
    hashes = {one.name: sha256(one.read_bytes()).hexdigest() for one in sorted(TARGET.iterdir())}
    (TARGET / "hashes.json").write_text(json.dumps(hashes, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
