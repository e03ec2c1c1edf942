"""The book in one framework as an EPUB: Sphinx's pages as XHTML, without scripts, formulas as MathML."""

import re
import uuid
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.builders.epub3 import Epub3Builder
from sphinx.highlighting import PygmentsBridge
from sphinx.util.osutil import relative_uri
from sphinx.writers.html5 import HTML5Translator

from tabbook.errors import Fault
from tabbook.export.write import epoch, zipped
from tabbook.merge.markup import read_markup
from tabbook.render.equations import equation_number
from tabbook.render.html_blocks import close_items
from tabbook.render.mathml import MathML
from tabbook.render.one_tab import EPUB, OneTabBuilder, section_number
from tabbook.render.plain.formulas import display_formula

CONFIG: dict[str, Any] = {"epub_tocscope": "includehidden", "epub_tocdup": False}
"""Settings of Sphinx that list all pages in the table of contents."""
STYLES = Path(__file__).parent / "static" / "tabbook-book.css"
_TITLE_PAGE = "tabbook-title"
_PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" lang="{lang}" xml:lang="{lang}">
<head>
<meta charset="utf-8" />
<title>{title}</title>
<link rel="stylesheet" type="text/css" href="{up}_static/book.css" />
</head>
<body>
{body}
</body>
</html>
"""
_FIRST_PAGE = """<section class="title-page">
<h1>{title}</h1>
<p class="framework">{framework}</p>
<p class="author">{author}</p>
</section>"""
_ELEMENTS = """
    a abbr b bdi bdo blockquote br caption cite code col colgroup dd del details dfn div dl dt em
    figcaption figure h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q rp rt ruby s samp section
    small span strong sub summary sup table tbody td tfoot th thead time tr u ul var wbr
"""
_KNOWN = frozenset(_ELEMENTS.split())
"""The elements of HTML that pages of a book may have."""
_ATTRIBUTES = frozenset(("class", "href", "src", "alt", "title", "colspan", "rowspan", "lang", "dir"))
_NOT_TEXT = "script, style, iframe, object, embed, noscript, template, head, link, meta, button"
_ITEM = re.compile(r'<item id="[^"]*" href="(?P<href>[^"]+)" media-type="application/xhtml\+xml"(?= />)')
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)[^<>]*?(/?)>\Z")
_DOCTYPE = re.compile(rb"<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>")
_ANCHOR = re.compile(r'(<[a-z][^<>]*?) id="([^"]*)"')
_SVG = re.compile(r"<svg(?![^<>]*\sxmlns=)")
_EMPTY_PATH = re.compile(rb"<path(?![^>]*\sd=)")
_VOID = frozenset(("br", "hr", "wbr", "col", "img"))


class Translator(HTML5Translator):
    """Writes XHTML with formulas as MathML, and of HTML what an e-book can show."""

    builder: "EpubBuilder"

    def visit_math(self, node: nodes.Element, math_env: str = "") -> None:  # noqa: ARG002 - Sphinx's
        """Write a formula in a sentence."""
        self.body.append(self.builder.formula(node, node.astext(), display=False))
        raise nodes.SkipNode

    def visit_math_block(self, node: nodes.Element, math_env: str = "") -> None:  # noqa: ARG002
        """Write a displayed formula with its number."""
        label, count = str(node.get("label")), str(node.get("number") or "")
        number = equation_number(self.builder.env, self.builder.current_docname, label, count)
        lines = display_formula(node.astext(), "", on_one_line=False)
        self.body.append(self.starttag(node, "div", CLASS="math"))
        self.body.append(f'<span class="eqno">({number})</span>' if number else "")  # it floats beside
        for part in "\n".join(lines).split("$$")[1::2]:
            self.body.append(self.builder.formula(node, part.strip(), display=True))
        self.body.append("</div>\n")
        raise nodes.SkipNode

    def visit_raw(self, node: nodes.Element) -> None:
        """Write HTML without what e-books do not have; of what needs a script, its text."""
        if "html" in node.get("format", "").split():
            inline = isinstance(node.parent, nodes.TextElement)
            self.body.append(_inline_html(node.astext()) if inline else _block_html(node))
        raise nodes.SkipNode


def _inline_html(text: str) -> str:
    """Return one tag as XHTML has it; nothing for one that an e-book does not have."""
    found = _TAG.match(text.strip())
    if found is None or found[2].lower() not in _KNOWN - {"a", "img"}:
        return "" if found else _clean(text)
    name = found[2].lower()
    return f"<{name} />" if name in _VOID else f"<{found[1]}{name}>"


def _block_html(node: nodes.Element) -> str:
    text = node.astext()
    if "text_form" in node and (form := node["text_form"]) and read_markup("text/html", text).is_code:
        return f"<pre>{escape(''.join(one.astext() for one in form))}</pre>\n"
    return _clean(text) + "\n"


def _clean(text: str) -> str:
    """Return HTML as well-formed XHTML, of the elements and attributes that e-books may have."""
    tree = BeautifulSoup(text, "html.parser")
    for hidden in tree.select(_NOT_TEXT):
        hidden.decompose()
    close_items(tree)
    for element in tree.find_all(True):
        if element.name not in _KNOWN:
            element.unwrap()
            continue
        element.attrs = {name: value for name, value in element.attrs.items() if name in _ATTRIBUTES}
        if element.name == "img" and not str(element.get("src", "")).startswith("data:"):
            element.replace_with(str(element.get("alt") or ""))
    return tree.decode(formatter="minimal")


class EpubBuilder(OneTabBuilder, Epub3Builder):
    """Writes the files of an EPUB; :meth:`packed` is the book."""

    name = EPUB
    search = False
    default_translator_class = Translator

    def init(self) -> None:
        """Prepare as Sphinx does."""
        super().init()
        self.use_index = False
        self._mathml = MathML()

    def link(self, page: str, to: str, anchor: str) -> str:
        """Return an address relative to the page, with the name of the file."""
        file = relative_uri(self.get_target_uri(page), self.get_target_uri(to))
        file = file or self.get_target_uri(to).rsplit("/", 1)[-1]
        return f"{file}#{anchor}" if anchor else file

    def formula(self, node: nodes.Element, tex: str, *, display: bool) -> str:
        """Return a formula as MathML; one that cannot be is noted, and shown as TeX."""
        made, why = self._mathml.formula(tex, display=display)
        if why:
            message = f"this formula is shown as TeX in the EPUB: {why}"
            line = node.line or getattr(node.parent, "line", 0) or 0
            path = f"{self.current_docname}.md"
            self.faults.append(Fault(path, line, message, "write it with commands that MathML has"))
        return made

    def write(self, *_: object) -> None:
        """Write all pages."""
        self.prepare_writing({*self.volume.pages})
        self.domain_indices = []
        self._write_title()
        for page, tree in self.trees.items():
            self.write_doc_serialized(page, tree)
            self.write_doc(page, tree)

    def _write_title(self) -> None:
        author, volume = self.config.author, self.volume
        words = {"title": volume.title, "framework": volume.subtitle, "author": author}
        body = _FIRST_PAGE.format(**{name: escape(value) for name, value in words.items()})
        self.handle_page(_TITLE_PAGE, {"title": volume.title, "body": body})

    def handle_page(self, pagename: str, addctx: dict[str, Any], *_: object, **_options: object) -> None:
        """Write one page: an e-book has none of a theme's bars and scripts."""
        path = Path(self.get_outfilename(pagename))
        path.parent.mkdir(parents=True, exist_ok=True)
        up, title = "../" * pagename.count("/"), BeautifulSoup(addctx["title"], "html.parser").get_text()
        lang = escape(self.config.language.replace("_", "-"))
        text = _PAGE.format(lang=lang, title=escape(title), up=up, body=_well_formed(addctx["body"]))
        path.write_text(text, encoding="utf-8")

    def post_process_images(self, doctree: nodes.Node) -> None:
        """Name the files of pictures, without blanks: addresses would have to quote them."""
        super().post_process_images(doctree)
        self.images = {uri: name.replace(" ", "-") for uri, name in self.images.items()}

    def index_page(self, *_: object) -> None:
        """Do nothing: readers of e-books search themselves."""

    def finish(self) -> None:
        """Write what belongs to no page, and describe the book."""
        self.copy_image_files()
        styles = PygmentsBridge("html", "tango").get_stylesheet()
        target = Path(self.outdir) / "_static" / "book.css"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(STYLES.read_text(encoding="utf-8") + styles, encoding="utf-8")
        self.handle_finish()

    def get_toc(self) -> None:
        """List the title page, all pages and their sections."""
        self.refnodes = [
            {"level": 1, "refuri": f"{_TITLE_PAGE}{self.out_suffix}", "text": escape(self.volume.title)}
        ]
        for page, depth in self.volume.pages.items():
            for section in self.trees[page].findall(nodes.section):
                self._list(page, depth, section)

    def _list(self, page: str, depth: int, section: nodes.section) -> None:
        above, level = section.parent, depth + 1
        while isinstance(above, nodes.section):
            above, level = above.parent, level + 1
        title = next((one for one in section.children if isinstance(one, nodes.title)), None)
        if title is None or level > 3:
            return
        is_page = not isinstance(section.parent, nodes.section)
        number = ".".join(map(str, section_number(self.env, page, section)))
        uri = f"{page}{self.out_suffix}" + ("" if is_page else f"#{section['ids'][0]}")
        text = " ".join(f"{number} {title.astext()}".split())
        self.refnodes.append({"level": level, "refuri": escape(uri), "text": escape(text)})

    def content_metadata(self) -> dict[str, Any]:
        """Return what the book says of itself: no field is empty, nothing differs from run to run."""
        author, title = escape(self.config.author), escape(self._full_title)
        name = f"{self.config.html_baseurl}\n{title}"
        date = datetime.fromtimestamp(epoch(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        lang = escape(self.config.language.replace("_", "-"))
        ours = dict.fromkeys(("author", "contributor", "publisher"), author)
        ours |= {"title": title, "description": title, "date": date, "version": "1.0", "lang": lang}
        ours |= {"uid": "book", "id": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, name)}"}
        return {**super().content_metadata(), **ours}

    @property
    def _full_title(self) -> str:
        return f"{self.volume.title} ({self.volume.subtitle})"

    def navigation_doc_metadata(self, navlist: list[Any]) -> dict[str, Any]:
        """Return what the page of contents needs."""
        lang = escape(self.config.language.replace("_", "-"))
        return {**super().navigation_doc_metadata(navlist), "lang": lang}

    def toc_metadata(self, level: int, navpoints: list[Any]) -> dict[str, Any]:
        """Return what the contents for old readers need."""
        ours = {"uid": self.content_metadata()["id"], "title": escape(self._full_title)}
        return {**super().toc_metadata(level, navpoints), **ours}

    def build_content(self) -> None:
        """Describe the book; the list of its files says which pages have formulas."""
        super().build_content()
        path = Path(self.outdir) / "content.opf"

        def stated(found: re.Match[str]) -> str:
            page = (path.parent / found["href"]).read_text(encoding="utf-8")
            kinds = [name for name, mark in (("mathml", "<math"), ("svg", "<svg")) if mark in page]
            return found[0] + (f' properties="{" ".join(kinds)}"' if kinds else "")

        path.write_text(_ITEM.sub(stated, path.read_text(encoding="utf-8")), encoding="utf-8")

    def build_epub(self) -> None:
        """Do nothing: see :meth:`packed`."""

    def packed(self) -> bytes:
        """Return the EPUB; equal files, equal bytes."""
        names = ["META-INF/container.xml", "content.opf", "toc.ncx", *self.files]
        files = {name: _permitted(name, (Path(self.outdir) / name).read_bytes()) for name in names}
        return zipped(files, first={"mimetype": b"application/epub+zip"})


def _permitted(name: str, data: bytes) -> bytes:
    """Return a file without what EPUB forbids in drawings: types of documents, and paths that say nothing."""
    return _EMPTY_PATH.sub(b'<path d=""', _DOCTYPE.sub(b"", data)) if name.endswith(".svg") else data


def _well_formed(body: str) -> str:
    """Return the body of a page as XML; what its author has left open is closed.

    Extensions may write an anchor twice, and drawings that are XML in HTML alone.
    """
    seen = set[str]()

    def once(found: re.Match[str]) -> str:
        is_new = found[2] not in seen
        seen.add(found[2])
        return found[0] if is_new else found[1]

    body = _SVG.sub(r'<svg xmlns="http://www.w3.org/2000/svg"', _ANCHOR.sub(once, body))
    try:
        ElementTree.fromstring(f"<body>{body}</body>")
    except ElementTree.ParseError:
        repaired = BeautifulSoup(body, "html.parser").decode(formatter="minimal")
        return repaired.replace(" viewbox=", " viewBox=")  # of drawings, which are XML
    return body
