"""A report as one HTML file: a few kinds of block as plain data, and `render`, which writes them.

Nothing is fetched from outside (pictures travel inside, a content policy forbids the rest) and no script runs.
Everything that is text is escaped here, so callers pass names of files and users as they are.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from minimand.reports.stylesheet import STYLESHEET


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclass(frozen=True)
class Facts:
    """Names and values in two columns: how the figures came about."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """Rows of text under a header; the first cell of a row names it. best: cells (row, column) set in bold."""

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    best: frozenset[tuple[int, int]] = frozenset()
    collapsed: bool = False


@dataclass(frozen=True)
class Picture:
    """A PNG with a caption, as wide as its column or at most `width` rem.

    alt: what it shows, for who cannot see it. dark: the PNG for a dark page, if it differs.
    """

    caption: str
    png: bytes
    alt: str
    dark: bytes | None = None
    width: float = 44.0


@dataclass(frozen=True)
class Gallery:
    """Columns of pictures of one size side by side, wrapping where the page is narrow.

    width: the least a column has, in rem. small: columns stay about that wide instead of sharing the page.
    """

    columns: Sequence[Sequence[Picture]]
    width: float = 8.5
    small: bool = False


@dataclass(frozen=True)
class Slider:
    """Two pictures of one size on top of each other; the corner of the upper one is pulled to show more or less of it.

    alt: what they show, for who cannot see it. No script runs: the browser itself makes the upper one larger.
    """

    caption: str
    before: bytes
    after: bytes
    alt: str


Block = Text | Facts | Table | Picture | Gallery | Slider


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block]


def render(title: str, sections: Sequence[Section], *, subtitle: str = "") -> str:
    """The whole page. Sections are listed at the top when there are three or more."""
    links = "".join(f'<li><a href="#section-{i}">{escape(s.title)}</a></li>' for i, s in enumerate(sections, 1))
    contents = f'<nav aria-label="Contents"><ul>{links}</ul></nav>' if len(sections) > 2 else ""
    under = f'<p class="subtitle">{escape(subtitle)}</p>' if subtitle else ""
    body = "\n".join(_section(section, i) for i, section in enumerate(sections, 1))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>{STYLESHEET}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header><h1>{escape(title)}</h1>{under}{contents}</header>
<main id="main">
{body}
</main>
</body>
</html>
"""


def _section(section: Section, number: int) -> str:
    blocks = "\n".join(_block(block) for block in section.blocks)
    name = f"section-{number}"
    return (
        f'<section id="{name}" aria-labelledby="{name}-title"><h2 id="{name}-title">{escape(section.title)}</h2>'
        f"\n{blocks}\n</section>"
    )


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return f"<p>{escape(text)}</p>"
        case Facts(pairs):
            return "<dl>" + "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in pairs) + "</dl>"
        case Table():
            return _table(block)
        case Picture():
            return f'<div class="single" style="max-width: {block.width:g}rem">{_picture(block)}</div>'
        case Slider(caption, before, after, alt):
            upper = f'<div><img src="{_inline(before)}" alt="{escape(alt)}, before"></div>'
            both = f'<div class="slider"><img src="{_inline(after)}" alt="{escape(alt)}, after">{upper}</div>'
            return f'<figure class="single">{both}<figcaption>{escape(caption)}</figcaption></figure>'
        case Gallery(columns, width, small):
            inner = "".join(f"<div>{''.join(_picture(p) for p in column)}</div>" for column in columns)
            kind = "gallery small" if small else "gallery"
            return f'<div class="{kind}" style="--column: {width:g}rem">{inner}</div>'


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.header)
    body = "".join(f"<tr>{_row(table, i)}</tr>" for i in range(len(table.rows)))
    title = escape(table.caption)
    inner = (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{title}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    return (
        f"<details><summary>{title}</summary>{inner}</details>"
        if table.collapsed
        else f'<p class="caption">{title}</p>{inner}'
    )


def _row(table: Table, i: int) -> str:
    first, *rest = table.rows[i]
    cells = "".join(
        f'<td class="best">{escape(cell)}</td>' if (i, j) in table.best else f"<td>{escape(cell)}</td>"
        for j, cell in enumerate(rest, 1)
    )
    return f'<th scope="row">{escape(first)}</th>{cells}'


def _picture(picture: Picture) -> str:
    image = f'<img src="{_inline(picture.png)}" alt="{escape(picture.alt)}">'
    if picture.dark is not None:
        media = "screen and (prefers-color-scheme: dark)"
        image = f'<picture><source media="{media}" srcset="{_inline(picture.dark)}">{image}</picture>'
    caption = f"<figcaption>{escape(picture.caption)}</figcaption>" if picture.caption else ""
    return f"<figure>{image}{caption}</figure>"


def _inline(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
