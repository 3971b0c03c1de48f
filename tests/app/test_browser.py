"""The page in a real browser, Debian's chromium: what a reader does, with the mouse and without one."""

import os
import re
import shutil
import subprocess
import sys
import time
import zipfile

import nibabel
import numpy as np
import pytest

from minimand.systems.segmentation.made import made_heart

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra dev")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium, or name it in CHROMIUM"),
]
PATIENCE = 180_000  # ms: other processes may keep the cores
BAD = [
    ("a.png", b"no picture"),
    ("a.jpeg", b""),
    ("a.npy", b"\x93NUMPY broken"),
    ("a.npz", b"PK\x03\x04 broken"),
    ("a.mat", b"MATLAB 5.0 broken"),
    ("a.h5", b"\x89HDF broken"),
    ("a.nii", bytes(400)),
    ("a.nii.gz", b"\x1f\x8b broken"),
    ("a.dcm", bytes(200)),
    ("a.tif", b"II*\0 broken"),
    ("a.exe", b"MZ"),
]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A running `minimand app`, its workers warm."""
    command = [sys.executable, "-m", "minimand", "app", "--no-browser"]
    environment = {**os.environ, "TMPDIR": str(tmp_path_factory.mktemp("app"))}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield process.stdout.readline().strip()
        process.terminate()
        process.wait(timeout=20)


@pytest.fixture(scope="module")
def chromium():
    """The browser."""
    with sync_api.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, address):
    """`visit(width=...)` opens the page; the console must stay silent and every request on 127.0.0.1."""
    said, contexts = [], []

    def open_page(width=1280, height=900, context=None, **more):
        if context is None:
            context = chromium.new_context(viewport={"width": width, "height": height}, **more)
            contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(address.split("?")[0]) else said.append(r.url))
        page.goto(address)
        page.wait_for_selector("button.main")
        return page

    open_page.said = said
    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def run(page):
    page.click("#panel-mri button.main")
    page.wait_for_selector("#panel-mri .status:has-text('Done')")


def set_range(page, selector, value):
    page.locator(selector).fill(str(value))


def test_the_token_leaves_the_address_and_the_first_result_comes_within_three_seconds(visit):
    page = visit()
    assert "token" not in page.url
    time.sleep(15)  # until the workers are warm
    begun = time.monotonic()
    page.click("#panel-mri button.main")
    page.wait_for_selector("#panel-mri .viewer:visible")
    page.wait_for_function("() => document.querySelector('.stack canvas').width === 128")
    seconds = time.monotonic() - begun
    print(f"first result after {seconds:.2f} s")
    page.wait_for_selector(".status:has-text('Done in')")
    assert page.locator(".viewer tbody tr").count() == 3
    assert page.locator(".best").first.is_visible()


def test_the_slider_divides_two_results_by_mouse_and_by_key(visit):
    page = visit()
    run(page)
    over = "getComputedStyle(document.querySelector('.over')).clipPath"
    set_range(page, ".divide", 25)
    assert "75%" in page.evaluate(over)
    page.locator(".divide").focus()
    page.keyboard.press("End")
    assert page.evaluate(over) in ("inset(0px)", "inset(0px 0% 0px 0px)")
    box = page.locator(".stack").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 40)
    page.mouse.up()
    assert 85 < float(re.search(r"([\d.]+)%", page.evaluate(over))[1]) < 95


def pixels(page, selector):
    """A canvas as text, the shorter the less there is to see."""
    return page.locator(selector).first.evaluate("c => c.toDataURL()")


def test_any_two_results_are_compared_and_their_difference_shown(visit):
    page = visit()
    run(page)
    before = pixels(page, ".differs > canvas")
    page.get_by_label("Left", exact=True).select_option("truth")
    page.get_by_label("Right", exact=True).select_option("truth")
    page.get_by_label("Difference", exact=True).select_option("both")
    page.wait_for_selector("text=no difference")
    assert len(pixels(page, ".differs > canvas")) < len(before)
    slices = page.locator(".viewer .slices output")
    assert slices.inner_text() == "slice 21"
    set_range(page, ".viewer .slices input", 0)
    assert slices.inner_text() == "slice 3"
    page.wait_for_selector("thead th:has-text('slice 3')")


def test_the_stages_of_the_network_can_be_walked_through(visit):
    page = visit()
    run(page)
    page.wait_for_selector(".stages")
    output = page.locator(".stages output")
    assert output.inner_text() == "last reconstruction, 16 of 16"
    last = pixels(page, ".stages figure canvas")
    set_range(page, ".stages input[type=range]", 3)
    assert output.inner_text() == "stage 3, 3 of 16"
    assert pixels(page, ".stages figure canvas") != last
    assert page.locator(".bank canvas").count() == 8
    assert page.locator(".numbers .thin").count() == 8
    assert page.locator(".charts svg").count() == 2
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('.stages output').textContent.startsWith('stage 2')")
    page.get_by_role("button", name="Stop").click()


def test_a_job_can_be_cancelled(visit):
    page = visit()
    page.get_by_label("Slices").select_option("all")
    page.get_by_label("shift-invariant wavelets").check()
    page.click("#panel-mri button.main")
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_selector(".status:has-text('cancelled')")
    assert page.locator("button.main").first.is_enabled()


def test_a_good_file_is_reconstructed_and_its_result_downloaded(visit, tmp_path):
    rng = np.random.default_rng(0)
    image = np.add.outer(np.arange(40.0), np.arange(48.0)) + 20 * (rng.random((2, 40, 48)) > 0.7)
    np.savez(tmp_path / "mine.npz", image=image)
    page = visit()
    page.set_input_files("#panel-mri input[type=file]", tmp_path / "mine.npz")
    page.wait_for_selector("#panel-mri .source .name:has-text('mine.npz')")
    run(page)
    assert page.locator(".viewer .slices output").inner_text() == "slice 1"
    with page.expect_download() as found:
        page.get_by_role("link", name="tv, images and record").click()
    assert found.value.suggested_filename == "minimand-mri.zip"
    page.get_by_role("button", name="Use the example").click()
    assert "Brain scan" in page.locator("#panel-mri .source .name").inner_text()


@pytest.mark.parametrize(("name", "content"), BAD, ids=[name for name, _ in BAD])
def test_a_bad_file_is_one_clear_line(visit, name, content):
    page = visit()
    form = page.locator("#panel-mri")
    form.locator("input[type=file]").set_input_files({"name": name, "mimeType": "x/y", "buffer": content})
    refused = page.locator("#panel-mri .error:not(:empty)")
    taken = page.locator(f"#panel-mri .source .name:has-text('{name}')")
    refused.or_(taken).wait_for()
    if taken.count():
        page.click("#panel-mri button.main")
        page.wait_for_selector(".status.failed")
        assert name in page.locator(".status").inner_text()
    else:
        assert name in refused.inner_text()
        visit.said[:] = [text for text in visit.said if "status of 400" not in text]  # the browser's own line
    assert page.locator("button.main").first.is_enabled()


def test_a_reload_during_a_job_finds_it_again(visit):
    page = visit()
    page.get_by_label("Slices").select_option("all")
    page.click("#panel-mri button.main")
    page.wait_for_selector(".viewer:visible")
    page.reload()
    page.wait_for_selector(".status:has-text('Done')")
    assert page.get_by_label("Slices").input_value() == "all"
    assert page.locator("thead th:has-text('mean of 48')").count() == 1


def test_two_tabs_of_the_browser_do_not_disturb_each_other(visit):
    first = visit()
    second = visit(context=first.context)
    first.get_by_label("Share of k-space").fill("40")
    for page in (first, second):
        page.click("#panel-mri button.main")
    for page in (first, second):
        page.wait_for_selector(".status:has-text('Done')")
    psnr = [float(page.locator("tbody tr:has-text('admm-net') td").first.inner_text()) for page in (first, second)]
    assert psnr[0] > psnr[1] + 1


@pytest.mark.parametrize("width", [320, 375])
def test_a_small_screen_shows_all_without_scrolling_sideways(visit, width):
    page = visit(width=width, height=700)
    run(page)
    page.wait_for_selector(".stages")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_reader(visit, scheme):
    page = visit(color_scheme=scheme)
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (max(map(int, re.findall(r"\d+", colour))) < 60) == (scheme == "dark")


def test_everything_can_be_done_by_keyboard(visit):
    page = visit()
    page.locator("[role=tab][aria-selected=true]").focus()
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent || document.activeElement.id"))
        if seen[-1] == "Run":
            break
    assert seen[-1] == "Run"
    page.keyboard.press("Enter")
    page.wait_for_selector(".status:has-text('Done')")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.className || document.activeElement.textContent"))
    assert {"divide", "scroll"} <= reached
    assert any("images and record" in text for text in reached)


def test_a_wrong_number_is_told_at_the_form(visit):
    page = visit()
    page.get_by_label("Share of k-space").fill("3")
    page.click("#panel-mri button.main")
    page.wait_for_selector("#panel-mri .error:has-text('a number from 5 to 100')")
    visit.said[:] = [text for text in visit.said if "status of 400" not in text]


@pytest.mark.parametrize("name", ["imaging", "denoise", "segmentation", "dehaze", "synthesis", "optimizers"])
def test_every_other_tab_works_on_its_example(visit, name):
    page = visit()
    page.click(f"#tab-{name}")
    if name == "optimizers":
        page.get_by_label("Steps", exact=True).fill("20")
    page.click(f"#panel-{name} button.main")
    page.wait_for_selector(f"#panel-{name} .status:has-text('Done')")
    shown = ".live svg" if name == "optimizers" else ".viewer tbody tr"
    assert page.locator(f"#panel-{name} {shown}").first.is_visible()


def test_shapes_turn_by_mouse_by_key_and_alone(visit):
    page = visit()
    page.click("#tab-shapes")
    page.click("#panel-shapes button.main")
    page.wait_for_selector("#panel-shapes .status:has-text('Done')")
    page.wait_for_selector(".solids figure >> nth=5")
    assert "worm" in page.locator(".solids figcaption").first.inner_text()
    canvas = page.locator(".turned canvas")
    seen = [pixels(page, ".turned canvas")]
    assert len(seen[0]) > 10_000  # there is something to see
    canvas.focus()
    page.keyboard.press("ArrowRight")
    seen.append(pixels(page, ".turned canvas"))
    box = canvas.bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 60)
    page.mouse.up()
    seen.append(pixels(page, ".turned canvas"))
    set_range(page, ".shapes input[type=range]", 5)
    seen.append(pixels(page, ".turned canvas"))
    page.get_by_role("button", name="Turn", exact=True).click()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Stop", exact=True).click()
    seen.append(pixels(page, ".turned canvas"))
    assert len(set(seen)) == len(seen)


def test_atlases_are_dropped_beside_a_target(visit, tmp_path):
    with zipfile.ZipFile(tmp_path / "mine.zip", "w") as archive:
        for k in range(4):
            scan, labels = made_heart(k)
            for name, array in (("images", scan.image), ("labels", labels)):
                image = nibabel.Nifti1Image(array[0].numpy().astype(np.float32), np.eye(4))
                archive.writestr(f"{name}/{k}.nii", image.to_bytes())
                if k == 0:
                    nibabel.save(image, tmp_path / f"{name}.nii")
    page = visit()
    page.click("#tab-segmentation")
    panel = page.locator("#panel-segmentation")
    assert not panel.locator("input[type=file]").nth(1).is_visible()
    panel.locator("input[type=file]").first.set_input_files(tmp_path / "images.nii")
    panel.locator(".name:has-text('images.nii')").wait_for()
    panel.locator("button.main").click()
    panel.locator(".status.failed:has-text('needs atlases')").wait_for()
    panel.locator("input[type=file]").nth(1).set_input_files(tmp_path / "mine.zip")
    panel.locator(".name:has-text('mine.zip')").wait_for()
    panel.locator("button.main").click()
    panel.locator(".status:has-text('Done')").wait_for()
    assert panel.get_by_role("link", name="patch, images and record").is_visible()


def test_tabs_are_changed_by_arrow_keys(visit):
    page = visit()
    page.locator("#tab-mri").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#panel-imaging").is_visible()
    assert not page.locator("#panel-mri").is_visible()
    page.keyboard.press("Home")
    assert page.locator("#panel-mri").is_visible()
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.id") == "tab-optimizers"
