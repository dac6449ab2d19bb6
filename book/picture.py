"""The picture of a page that the README shows, taken from the built site: ``make picture``."""

import shutil
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
PAGE = "chapters/01_ngram/01_what_is_a_language_model.html"
TARGET = ROOT / "book" / "_static" / "page.png"


def main() -> None:
    """Open the page at its first slider, in a window of a laptop's size, and save what is seen."""
    browser_path = shutil.which("chromium") or shutil.which("google-chrome") or sys.exit("no Chromium: install one")
    handler = partial(SimpleHTTPRequestHandler, directory=ROOT / "_build" / "html")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1240, "height": 760})
        page.goto(f"http://127.0.0.1:{server.server_port}/{PAGE}")
        page.evaluate("() => window.MathJax?.startup?.promise")
        figure = page.locator("figure.minillm-frames").first
        figure.evaluate("figure => window.scrollTo(0, figure.getBoundingClientRect().top + window.scrollY - 240)")
        page.screenshot(path=TARGET)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
