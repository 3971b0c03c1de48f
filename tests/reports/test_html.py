"""A report is one well-formed file that asks nothing of the network and escapes what it is given."""

import base64
from html.parser import HTMLParser

from minimand.reports.html import Facts, Gallery, Picture, Section, Slider, Table, Text, render

EVIL = "<script>alert('&')</script>\"><img src=x onerror=y>"
VOID = {"meta", "img", "source", "link", "br"}


class Page(HTMLParser):
    """Checks that elements close in order, and collects tags, attributes and text."""

    def __init__(self, html: str):
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def everything(word):
    picture = Picture(word, b"png", word, dark=b"dark")
    table = Table(word, ["a", word], [[word, word]], best=frozenset({(0, 1)}))
    folded = Table(word, ["a"], [[word]], collapsed=True)
    blocks = [
        Text(word),
        Facts([(word, word)]),
        table,
        folded,
        picture,
        Gallery([[picture, picture], [picture]]),
        Slider(word, b"png", b"dark", word),
    ]
    return render(word, [Section(word, blocks)] * 3, subtitle=word)


def test_a_page_of_every_block_is_well_formed_and_shows_its_words():
    page = Page(everything("hello"))
    assert {"table", "details", "figure", "nav", "dl"} <= {tag for tag, _ in page.tags}
    assert page.text.count("hello") > 20


def test_whatever_is_text_is_escaped():
    page = Page(everything(EVIL))
    assert {tag for tag, _ in page.tags} == {tag for tag, _ in Page(everything("hello")).tags}
    assert EVIL in page.text
    assert all((attributes["alt"] or "").startswith(EVIL) for tag, attributes in page.tags if tag == "img")
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)


def test_nothing_is_fetched_from_outside_and_pictures_travel_inside():
    html = everything("hello")
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html
    sources = [a["src"] for tag, a in Page(html).tags if tag == "img"] + [
        a["srcset"] for tag, a in Page(html).tags if tag == "source"
    ]
    assert {base64.b64decode(s.removeprefix("data:image/png;base64,"), validate=True) for s in sources} == {
        b"png",
        b"dark",
    }


def test_the_page_says_its_language_and_fits_small_screens_and_dark_ones():
    page = Page(everything("hello"))
    metas = [attributes for tag, attributes in page.tags if tag == "meta"]
    assert ("html", {"lang": "en"}) in page.tags
    assert any(m.get("name") == "viewport" for m in metas)
    assert any(m.get("content") == "light dark" for m in metas)


def test_every_link_leads_to_a_section():
    page = Page(everything("hello"))
    names = {attributes.get("id") for _, attributes in page.tags}
    assert all(attributes["href"].removeprefix("#") in names for tag, attributes in page.tags if tag == "a")


def test_wide_tables_can_be_scrolled_from_the_keyboard():
    regions = [a for tag, a in Page(everything("hello")).tags if a.get("class") == "scroll"]
    assert len(regions) == 6
    assert all(a["tabindex"] == "0" and a["aria-label"] == "hello" for a in regions)
