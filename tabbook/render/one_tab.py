"""The book in one framework: what the writers of PDF and EPUB share.

Both are Sphinx's own builders. They resolve the same trees as the site and all other exports. Each page
is resolved alone, so its numbers are those of the site; a post-transform keeps what readers of the
framework see, and references lead into the file, to the published site, or nowhere.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote
from xml.etree import ElementTree

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.builders.latex.nodes import math_reference
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.images import guess_mimetype

from tabbook.errors import Fault
from tabbook.export.page import Address
from tabbook.merge.made_with import MADE_WITH_CLASS as MADE_WITH
from tabbook.merge.page import OF_FIGURE
from tabbook.render.compact import EXPORT_FORMAT
from tabbook.render.equations import equation_number, with_numbers
from tabbook.render.macros import Macros
from tabbook.render.plain.inline import is_for
from tabbook.render.resolved import INTERNAL, OUTPUT_TYPES, building_with
from tabbook.render.scopes import twin_id
from tabbook.render.tabs import PART_ATTRIBUTE, twin_figure

PDF, EPUB = "tabbook-pdf", "tabbook-epub"
"""The names of the builders."""
_OUTPUT_TYPES = {
    EXPORT_FORMAT: OUTPUT_TYPES,
    PDF: (
        *("image/svg+xml", "application/pdf", "image/png", "image/jpeg"),
        *("text/markdown", "text/latex", "text/plain", "text/html"),
    ),
    EPUB: (
        *("image/svg+xml", "image/png", "image/jpeg", "image/gif"),
        *("text/html", "text/markdown", "text/latex", "text/plain"),
    ),
}
"""The types of outputs that each can show, the best first."""
_NOT_SHOWN = {
    *("tabbook-failed", "tabbook-not-executed", "tabbook-name", "tabbook-note"),
    *(MADE_WITH, "tabbook-variant-name", "toctree-wrapper"),
}
"""Classes of what a page says of all frameworks, of its own tabs, and of the pages below it."""
_Made = TypeVar("_Made", bound="OneTabBuilder")
_STARTS = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
_OTHER_TYPES = ("image/svg+xml", "image/webp", "application/pdf")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that neither XML nor TeX can hold."""
_TERMINAL = re.compile(r"\x1b(?:\][^\x07\x1b]*(?:\x07|\x1b\\)|\[[\d;?]*[A-Za-ln-z])")
"""What tells a terminal anything but colours, which are shown."""
_COLOUR = re.compile(r"(\x1b\[[\d;]*m)")


@dataclass(frozen=True, slots=True)
class Volume:
    """What a file holds: pages in their order, each with its depth below the first level, for one framework.

    ``subtitle`` is the framework's name. ``address`` gives the published address of other pages; empty
    if there is none.
    """

    tab: str
    title: str
    subtitle: str
    pages: Mapping[str, int]
    address: Address


class OneTabBuilder(Builder):
    """What a builder of Sphinx's needs to write one framework: to be inherited beside it."""

    volume: Volume
    is_resolving = False
    trees: Mapping[str, nodes.document]
    faults: list[Fault]

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Return where a page is: while trees are resolved, in a form that says no more than its name."""
        return INTERNAL + docname if self.is_resolving else super().get_target_uri(docname, typ)

    def get_relative_uri(self, from_: str, to: str, typ: str | None = None) -> str:
        """Return the same, seen from another page."""
        return INTERNAL + to if self.is_resolving else super().get_relative_uri(from_, to, typ)

    def parts(self) -> dict[str, str]:
        """Return the captions in the table of contents, by the first page of each that is in the file."""
        first: dict[str, str] = {}
        for contents in self.env.get_doctree(self.env.config.root_doc).findall(addnodes.toctree):
            page = next((one for one in contents["includefiles"] if one in self.volume.pages), "")
            if page and contents.get("caption"):
                first[page] = str(contents["caption"])
        return first

    def link(self, page: str, to: str, anchor: str) -> str:
        """Return the address of an anchor on the page ``to`` for ``page``, as the writer wants it."""
        raise NotImplementedError

    def resolve(self) -> None:
        """Resolve all pages, and let their references lead where they can."""
        self.is_resolving = True
        try:
            self.trees = {page: self.env.get_and_resolve_doctree(page, self) for page in self.volume.pages}
        finally:
            self.is_resolving = False
        anchors = {page: {"", *_anchors(tree)} for page, tree in self.trees.items()}
        for page, tree in self.trees.items():
            for equation in list(tree.findall(math_reference)):
                equation.replace_self(_equation_reference(self.env, equation))
            for reference in list(tree.findall(nodes.reference)):
                self._lead(reference, page, anchors)
            for picture in list(tree.findall(nodes.image)):
                if "://" in picture["uri"]:
                    picture.replace_self(_remote(picture))
                else:
                    self._check(picture, page)

    def _check(self, picture: nodes.image, page: str) -> None:
        """Leave of a picture that cannot be shown what it would show, in words."""
        files = {str(picture["uri"]), *picture["candidates"].values()}
        kinds = {picture_type(Path(self.env.srcdir) / one) for one in files if one in self.env.images}
        if not kinds.isdisjoint(self.supported_image_types):
            return
        line = picture.line or getattr(picture.parent, "line", 0) or 0
        if kinds:
            message = f"the picture {picture['uri']} is of a kind that cannot be shown here"
            hint = "save it as PNG or SVG; other kinds need Pillow, and none may be broken"
        else:
            message, hint = f"there is no picture {picture['uri']}", "add it, or correct the path"
        self.faults.append(Fault(f"{page}.md", line, message, hint))
        words = str(picture.get("alt") or picture["uri"])
        inline = isinstance(picture.parent, nodes.TextElement)
        picture.replace_self(nodes.inline("", words) if inline else nodes.paragraph("", words))

    def _lead(self, reference: nodes.reference, page: str, anchors: Mapping[str, set[str]]) -> None:
        """Give a reference to the book its address; of one that leads nowhere leave the words."""
        uri = str(reference.get("refuri", ""))
        if uri.startswith(INTERNAL):
            to, _, anchor = uri.removeprefix(INTERNAL).partition("#")
        elif "refid" in reference:
            to, anchor = page, str(reference["refid"])
        else:
            return
        is_here = anchor in anchors.get(to, ())
        address = self.link(page, to, anchor) if is_here else self.volume.address(to, anchor)
        # A plain reference, with the number that is in its words: of others, LaTeX would count itself.
        made = nodes.reference(refuri=address, internal=is_here) if address else nodes.inline()
        made.update_basic_atts(reference)
        made.extend(reference.children)
        reference.replace_self(made)


def picture_type(path: Path) -> str:
    """Return the type of a picture: ``image/x-other`` where its content is not what its name says.

    Empty if there is no such file.
    """
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        start = file.read(8)
    named = guess_mimetype(path)
    found = next((kind for first, kind in _STARTS.items() if start.startswith(first)), "")
    is_right = named == found if found or named in _STARTS.values() else named in _OTHER_TYPES
    if named == "image/svg+xml":
        is_right = _is_xml(path)
    return str(named) if is_right else "image/x-other"


def _is_xml(path: Path) -> bool:
    try:
        ElementTree.parse(path)
    except ElementTree.ParseError:
        return False
    return True


def _anchors(tree: nodes.document) -> Iterator[str]:
    return (str(anchor) for node in tree.findall(nodes.Element) for anchor in node["ids"])


def _equation_reference(env: BuildEnvironment, node: nodes.Element) -> nodes.reference:
    """Return a reference with the number that the site shows, in place of one that TeX would number."""
    page, label = str(node["docname"]), str(node["target"])
    _, count = env.get_domain("math").data["objects"].get(label, (page, ""))
    number = equation_number(env, page, label, str(count))
    words = (env.config.math_eqref_format or "({number})").format(number=number)
    anchor = nodes.make_id(f"equation-{label}")
    return nodes.reference("", words, internal=True, refuri=f"{INTERNAL}{page}#{anchor}")


def _remote(picture: nodes.image) -> nodes.Node:
    """Return a link in place of a picture that only a network has: a book is read without one."""
    address = str(picture["uri"])
    link = nodes.reference("", str(picture.get("alt") or address), refuri=address, internal=False)
    return link if isinstance(picture.parent, nodes.TextElement) else nodes.paragraph("", "", link)


def make(app: Sphinx, builder: type[_Made], volume: Volume, folder: Path) -> _Made:
    """Return a builder that has written ``volume`` into the empty ``folder``, from what ``app`` has read."""
    made = _builder_for(app, builder, folder)
    made.volume, made.faults = volume, []
    with building_with(app, made):
        made.tags.add("html")  # what the site has, this has
        made.init()
        made.resolve()
        made.write([*volume.pages], [*volume.pages])
        made.finish()
    return made


def _builder_for(app: Sphinx, builder: type[_Made], folder: Path) -> _Made:
    """Return a builder that writes into ``folder``; it asks the application when it is made, not later."""
    before = app.outdir
    app.outdir = type(before)(folder)
    try:
        return builder(app, app.env)
    finally:
        app.outdir = before


def ordered(env: BuildEnvironment, wanted: Iterable[str]) -> dict[str, int]:
    """Return the pages that are wanted in the order of the book, each with its depth.

    A page is one level below the closest page above it that is wanted, too; the first page of the book
    and those right below it are on the first level.
    """
    chosen, found = {*wanted}, dict[str, int]()

    def walk(page: str, depth: int) -> None:
        if page in chosen and page not in found:
            found[page] = depth
            depth += page != env.config.root_doc
        for below in env.toctree_includes.get(page, ()):
            walk(below, depth)

    walk(env.config.root_doc, 0)
    return found | {page: 0 for page in sorted(chosen) if page not in found}


class KeepTab(SphinxPostTransform):
    """Keep of a page what readers of one framework see, where a file is for them alone."""

    default_priority = 12  # when references are resolved, before pictures are looked at

    def run(self, **_arguments: Any) -> None:
        """Drop what is others', and what is for tabs and browsers."""
        builder = self.app.builder
        if not isinstance(builder, OneTabBuilder):
            return
        tab = builder.volume.tab
        for node in list(self.document.findall(nodes.Element)):
            if node.parent is not None and not _is_seen(node, tab):
                node.parent.remove(node)
        for group in list(self.document.findall(nodes.container)):
            if group.get(PART_ATTRIBUTE) in ("group", "panel", "block"):
                anchors = [nodes.target("", "", ids=group["ids"])] if group["ids"] else []
                group.parent.replace(group, [*anchors, *group.children])
        for node in self.document.findall(nodes.Element):
            node.attributes.pop("hide_mode", None)  # what is folded is shown
            if node.get("design_component") == "dropdown":
                node["opened"] = True
        self._name_twins()
        self._find_pictures()
        self._expand_formulas()
        self._show_controls()
        self._drop_back_links()

    def _drop_back_links(self) -> None:
        """Drop the links of notes to references that are for other frameworks."""
        left = {*_anchors(self.document)}
        for note in self.document.findall(nodes.Element):
            if "backrefs" in note:
                note["backrefs"] = [one for one in note["backrefs"] if one in left]

    def _show_controls(self) -> None:
        """Replace characters that a file of these formats cannot have."""
        for text in list(self.document.findall(nodes.Text)):
            parent = text.parent
            if parent is not None and _CONTROLS.search(text):
                has_colours = "ansi" in parent.get("language", "")
                parent.rawsource = _without_controls(parent.rawsource, has_colours=has_colours)
                parent.replace(text, nodes.Text(_without_controls(text, has_colours=has_colours)))

    def _expand_formulas(self) -> None:
        """Write out what formulas refer to, and the commands that the book defines."""
        macros = Macros(self.config)
        for formula in list(self.document.findall(_is_formula)):
            tex = macros.expand(formula.astext())
            if tex.strip():
                formula.children = [nodes.Text(with_numbers(self.env, tex))]
            else:  # it did nothing but define commands
                formula.parent.remove(formula)

    def _find_pictures(self) -> None:
        """Find pictures whose paths MyST has quoted, as in ``![](<a b.png>)``."""
        for picture in self.document.findall(nodes.image):
            path = unquote(picture["uri"])
            if picture["uri"] not in self.env.images and (Path(self.env.srcdir) / path).is_file():
                self.env.images.add_file(self.env.docname, path)
                picture["uri"], picture["candidates"] = path, {guess_mimetype(path): path}

    def _name_twins(self) -> None:
        """Give what a tab block has named the anchors that references lead to: those of the first block."""
        found = {*_anchors(self.document)}
        for figure in list(self.document.findall(twin_figure)):
            names = [one for one in figure["classes"] if one.startswith(OF_FIGURE)]
            figure["classes"] = [one for one in figure["classes"] if one not in names]
            figure["ids"] += [one for name in names if (one := _figure_id(name)) not in found]
            figure.replace_self(nodes.figure("", *figure.children, **figure.attributes))
        endings = [twin_id("", tab) for tab in self.config.tabbook["tabs"]]
        for node in self.document.findall(nodes.Element):
            first = [one.removesuffix(end) for one in node["ids"] for end in endings if one.endswith(end)]
            node["ids"] += [one for one in first if one not in found]


def _is_formula(node: nodes.Node) -> bool:
    return isinstance(node, nodes.math | nodes.math_block)


def _without_controls(text: str, *, has_colours: bool) -> str:
    """Return text with a sign for each control character; colours of outputs are left to their lexer."""
    pieces = _COLOUR.split(_TERMINAL.sub("", text)) if has_colours else [text]
    pieces[::2] = [_CONTROLS.sub(_control_sign, one) for one in pieces[::2]]
    return "".join(pieces)


def _control_sign(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _figure_id(name: str) -> str:
    return nodes.make_id(name.removeprefix(OF_FIGURE))


def _is_seen(node: nodes.Element, tab: str) -> bool:
    """Say whether readers of ``tab`` see ``node``, as far as itself says."""
    if not is_for(node, tab) or not _NOT_SHOWN.isdisjoint(node["classes"]):
        return False
    if isinstance(node, addnodes.toctree) or type(node).__name__ == "HiddenCellNode":
        return False
    return node.get(PART_ATTRIBUTE) not in ("panel", "block") or tab in node["tabs"]


def prefer_outputs(_app: Sphinx, config: Config) -> None:
    """Tell MyST-NB which types of outputs each kind of export can show."""
    ours = [(name, mime, place) for name, types in _OUTPUT_TYPES.items() for place, mime in enumerate(types)]
    config["nb_mime_priority_overrides"] = [*config["nb_mime_priority_overrides"], *ours]


def section_number(env: BuildEnvironment, page: str, section: nodes.Element) -> Sequence[int]:
    """Return the number of a section of ``page``; none if it has none."""
    numbers = env.toc_secnumbers.get(page, {})
    keys = [f"#{one}" for one in section["ids"]]
    if not isinstance(section.parent, nodes.section):
        keys.append("")  # the page's title
    return next((numbers[key] for key in keys if key in numbers), ())
