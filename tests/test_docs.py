"""What the documents say holds: every link leads somewhere, every Python example runs."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from minimand import __version__
from minimand.commands.app import app

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def anchors(document: Path) -> set[str]:
    """The names of a document's headings, as GitHub spells them."""
    headings = re.findall(r"^#+ +(.*)$", FENCED.sub("", text_of(document)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_resolves(document):
    prose = re.sub(r"`[^`\n]*`", "", FENCED.sub("", text_of(document)))
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):  # the web is not at hand while tests run
            continue
        path, _, anchor = target.partition("#")
        file = document.parent / path if path else document
        assert file.exists(), f"{name_of(document)} links to {target}, which is not there"
        assert not anchor or anchor in anchors(file), f"{name_of(document)} links to {target}: no such heading"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_python_example_runs(document):
    """The examples of one document run in order, in one namespace."""
    names: dict[str, object] = {}
    for language, code in FENCED.findall(text_of(document)):
        if language == "python":
            exec(compile(code, name_of(document), "exec"), names)


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_in_an_example_has_the_options_that_it_names(document):
    shell = "\n".join(code for language, code in FENCED.findall(text_of(document)) if language == "sh")
    for line in shell.replace("\\\n", " ").splitlines():
        words = shlex.split(line.partition(" #")[0].replace("[", " ").replace("]", " "))
        if words[:1] != ["minimand"] or len(words) == 1:
            continue
        command = typer.main.get_command(app)
        rest = iter(words[1:])
        for word in rest:
            if word.startswith("-"):
                known = {name for p in command.params for name in [*p.opts, *p.secondary_opts]} | {"--help"}
                assert word.partition("=")[0] in known, f"{name_of(document)}: {line}: no option {word}"
            elif hasattr(command, "commands"):
                assert word in command.commands, f"{name_of(document)}: {line}: no command {word}"
                command = command.commands[word]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_file_that_a_document_names_is_there(document):
    named = re.findall(r"`((?:src|tests|examples|benchmarks)/[\w/.-]+\.py)`", text_of(document))
    assert [name for name in named if not (ROOT / name).is_file()] == []


@pytest.mark.slow
def test_every_guide_is_in_the_site():
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    guides = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert {name for name in guides if f" {name}\n" not in site} == set()


@pytest.mark.parametrize("room", ["operators", "terms", "steps"])
def test_every_module_of_the_vocabulary_is_in_the_reference(room):
    page = text_of(ROOT / "docs" / "api" / f"{room}.md")
    modules = {path.stem for path in (ROOT / "src" / "minimand" / room).glob("*.py")} - {"__init__"}
    assert {name for name in modules if f"::: minimand.{room}.{name}\n" not in f"{page}\n"} == set()


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path]
    quiet = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=quiet, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    (listed,) = json.loads((tmp_path / "versions.json").read_text(encoding="utf-8"))
    assert listed == {"version": __version__, "title": __version__, "aliases": ["latest"]}
    assert f"url={__version__}/index.html" in (tmp_path / "index.html").read_text(encoding="utf-8")
    site = tmp_path / __version__
    page = (site / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'(?:src|<link[^>]*stylesheet[^>]*href)="https?:[^"]*"', page) == []
    assert not (site / "hooks.py").exists()
    reference = (site / "api" / "core.html").read_text(encoding="utf-8")
    assert "A linear map between batches, with its adjoint" in reference
