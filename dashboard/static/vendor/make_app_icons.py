"""Draws the icons of the installed app from bell.svg, by the Chromium of this machine: run after a change of it.

python dashboard/static/vendor/make_app_icons.py
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent.parent
SIZES = (192, 512)
GROUND = "#16202e"  # as in bell.svg; phones cut a maskable icon to any shape, down to a circle of 80 percent
SAFE = 0.8


def main() -> None:
    bell = (FOLDER / "bell.svg").read_text()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for size in SIZES:
            for name, inner in (("icon", size), ("maskable", round(size * SAFE))):
                page = browser.new_page(viewport={"width": size, "height": size})
                ground = GROUND if name == "maskable" else "transparent"
                page.set_content(
                    f"<style>body{{margin:0;display:grid;place-items:center;height:100vh;background:{ground}}}"
                    f"svg{{width:{inner}px;height:{inner}px;display:block}}</style>{bell}"
                )
                page.screenshot(path=FOLDER / f"{name}-{size}.png", omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
