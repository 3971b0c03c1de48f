"""Versions of the site, for mkdocs: each is built into a folder of its own, and the page offers those that are there.

`mkdocs build` at the tag of a release adds or replaces build/site/VERSION; versions.json lists the folders, newest
first, as the selector of mkdocs-material reads it (the format is that of mike); index.html leads to the newest one.
"""

import json
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from packaging.version import InvalidVersion, Version

from minimand import __version__


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Build into a folder named by the version."""
    config.site_dir = str(Path(config.site_dir) / __version__)
    return config


def on_post_build(config: MkDocsConfig) -> None:
    """List the versions that lie beside this one."""
    site = Path(config.site_dir).parent
    found = sorted((v for v in map(version_of, site.iterdir()) if v is not None), reverse=True)
    listed = [{"version": str(v), "title": str(v), "aliases": ["latest"] if v == found[0] else []} for v in found]
    (site / "versions.json").write_text(json.dumps(listed), encoding="utf-8")
    page = f'<!doctype html><meta http-equiv="refresh" content="0; url={found[0]}/index.html"><title>Minimand</title>'
    (site / "index.html").write_text(page, encoding="utf-8")


def version_of(folder: Path) -> Version | None:
    """The version that a folder holds, if it is one."""
    try:
        return Version(folder.name) if (folder / "index.html").is_file() else None
    except InvalidVersion:
        return None
