"""Makes the icons of the installed client, ``web/public/icons``, from ``web/public/mark.svg``, by Chromium.

They are committed: they change when the mark does.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

PUBLIC = Path(__file__).resolve().parent.parent / "web" / "public"


def main() -> None:
    mark = (PUBLIC / "mark.svg").read_text(encoding="utf-8")
    strokes = re.search(r"<g .*</g>", mark, re.DOTALL)
    ground = re.search(r'fill="(#[0-9a-f]+)"', mark)
    assert strokes, "mark.svg has no group of strokes"
    assert ground, "mark.svg has no ground"
    # Where the system cuts the shape: the mark's colour to the edges, its strokes in the middle.
    whole = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-5 -5 42 42" fill="none"><path fill="{ground[1]}" d="M-9-9h50v50h-50Z"/>{strokes[0]}</svg>'
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for name, drawing, size in [("192", mark, 192), ("512", mark, 512), ("512-maskable", whole, 512), ("180", whole, 180)]:
            draw(page, drawing, size, PUBLIC / "icons" / f"{name}.png")
        browser.close()


def draw(page: Page, drawing: str, size: int, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    page.set_viewport_size({"width": size, "height": size})
    page.set_content(f"<style>body {{ margin: 0 }} svg {{ display: block; width: {size}px; height: {size}px }}</style>{drawing.replace('<svg ', '<svg role=img ', 1)}")
    page.screenshot(path=target, omit_background=True)


main()
