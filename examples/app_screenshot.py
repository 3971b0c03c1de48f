"""The picture of the page in the guide: `python examples/app_screenshot.py docs/images/app.png`.

Needs the extras app and dev, and Debian's chromium.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

output = Path(sys.argv[1] if len(sys.argv) > 1 else "app.png")
command = [sys.executable, "-m", "minimand", "app", "--no-browser"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
    assert server.stdout is not None
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1180, "height": 1000})
    page.goto(server.stdout.readline().strip())
    page.click("#panel-mri button.main")
    page.wait_for_selector(".status:has-text('Done')", timeout=120_000)
    page.wait_for_selector(".stages")
    page.locator(".stages input[type=range]").fill("8")
    page.evaluate("() => scrollTo(0, 0)")
    page.screenshot(path=output)
    browser.close()
    server.terminate()
print(output)
