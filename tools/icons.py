"""Draw the app's icons from static/icon.svg in the system's Chromium: run by hand when the bell changes, and commit them."""

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).resolve().parents[1] / "src" / "tocsin" / "edge" / "console" / "static"
BLUE, WHITE = "#1f5fbf", "#ffffff"
# Name, pixels, corner of the ground in parts of 32 (None: no ground), size of the bell in parts of 32.
ICONS = (
    ("app-192.png", 192, 6, 22),
    ("app-512.png", 512, 6, 22),
    ("app-maskable-512.png", 512, 0, 18),  # what lies outside the middle four fifths may be cut
    ("app-touch-180.png", 180, 0, 22),
    ("app-badge-96.png", 96, None, 30),
)


def picture(bell: str, pixels: int, corner: int | None, size: int) -> str:
    """One icon as an SVG of that many pixels."""
    ground = "" if corner is None else f'<rect width="32" height="32" rx="{corner}" fill="{BLUE}"/>'
    edge = (32 - size) / 2
    drawn = f'<g transform="translate({edge} {edge}) scale({size / 32})"><path fill="{WHITE}" d="{bell}"/></g>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="{pixels}" height="{pixels}" viewBox="0 0 32 32">{ground}{drawn}</svg>'


def main() -> int:
    """0 when all are drawn."""
    found = re.search(r' d="([^"]+)"', (STATIC / "icon.svg").read_text("utf-8"))
    chromium = shutil.which("chromium")
    if found is None or chromium is None:
        print("icon.svg or chromium is not here", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, pixels, corner, size in ICONS:
            page = browser.new_page(viewport={"width": pixels, "height": pixels})
            page.set_content(
                f"<style>html,body{{margin:0;background:none}}svg{{display:block}}</style>{picture(found[1], pixels, corner, size)}"
            )
            page.screenshot(path=STATIC / name, omit_background=True)
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
