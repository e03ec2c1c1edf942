"""The book in one framework as a PDF: Sphinx's LaTeX, with the numbers of the site."""

import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any, ClassVar

from docutils import nodes
from sphinx.addnodes import start_of_file
from sphinx.builders.latex import LaTeXBuilder
from sphinx.builders.latex.theming import Theme
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.transforms.post_transforms.images import ImageConverter
from sphinx.util import texescape
from sphinx.util.docutils import new_document
from sphinx.writers.latex import LaTeXTranslator

from tabbook.render.equations import equation_number
from tabbook.render.one_tab import PDF, OneTabBuilder, section_number
from tabbook.render.plain.formulas import display_formula
from tabbook.render.plain.inline import numbered

SOURCE = "book.tex"
PLACE = "% tabbook:"
"""What begins a line of the source that says where in the book the next lines come from."""
CONFIG: dict[str, Any] = {
    "latex_engine": "xelatex",
    "latex_use_xindy": False,
    "latex_show_pagerefs": True,
    "latex_toplevel_sectioning": "chapter",
    "latex_docclass": {"manual": "report"},  # for Japanese, Sphinx has one that XeTeX cannot use
}
"""Settings of Sphinx for LaTeX; none of them changes how pages are read."""
CJK = {"zh": "SC", "ja": "JP", "ko": "KR"}
"""The languages that need fonts of their own, and how Noto's end."""
_CJK_TRADITIONAL = ("zh_tw", "zh_hk", "zh_hant")
_FONTS = r"""
\setmainfont{%s}
\setsansfont{%s}
\setmonofont{%s}[Scale=MatchLowercase]
"""
_LINE_BREAKS = r"""
\XeTeXlinebreaklocale "%s"
\XeTeXlinebreakskip=0pt plus 1pt
"""
_WITH_ANCHORS = ("docutils.", "sphinx.")
"""The modules whose nodes are written with their anchors."""
_PREAMBLE = r"""
\usepackage{unicode-math}
\setmathfont{latinmodern-math.otf}
\providecommand{\bm}[1]{\symbf{#1}}
\providecommand{\mathds}[1]{\symbb{#1}}
\hypersetup{pdfencoding=auto, psdextra}
\setcounter{secnumdepth}{5}
\setcounter{tocdepth}{1}
\widowpenalty=10000
\clubpenalty=10000
"""
_ELEMENTS = {
    "extraclassoptions": "openany,oneside",
    "fncychap": "",
    "figure_align": "htbp",
    "sphinxsetup": "verbatimwithframe=false, VerbatimColor={HTML}{F6F7F9}, verbatimforcewraps=true",
}


class SvgToPdf(ImageConverter):
    """Makes PDF of SVG pictures, which stay vector graphics."""

    builders = (PDF,)
    conversion_rules: ClassVar[list[tuple[str, str]]] = [("image/svg+xml", "application/pdf")]  # type: ignore[misc]

    def is_available(self) -> bool:
        """Say yes: that the command is there was looked up before anything is made."""
        return True

    def convert(self, _from: str | os.PathLike[str], _to: str | os.PathLike[str]) -> bool:
        """Convert one picture; return whether that was possible."""
        command = ["rsvg-convert", "--format", "pdf", "--output", os.fspath(_to), os.fspath(_from)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


class RenameCells(SphinxPostTransform):
    """Keep cells from sphinx-jupyterbook-latex, whose environments only its own document class defines."""

    default_priority = 998
    builders = (PDF,)

    def run(self, **_arguments: Any) -> None:
        """Give inputs and outputs other names, by which LaTeX may style them."""
        for node in self.document.findall(nodes.container):
            node["classes"] = [one.replace("cell_", "tabbook-") for one in node["classes"]]


class Translator(LaTeXTranslator):
    """Writes LaTeX with the numbers that the site shows, and notes where in the book things come from."""

    builder: "PdfBuilder"

    @property
    def page(self) -> str:
        """The page that is written."""
        return self.curfilestack[-1]

    def _note_place(self, node: nodes.Element) -> None:
        source, line = node.source or "", node.line
        root = f"{self.builder.srcdir}{os.sep}"
        if line and source.startswith(root) and not (self.table or self.in_title or self.in_caption):
            start = "" if self.body and self.body[-1].endswith("\n") else "%\n"  # no blank line: a paragraph
            self.body.append(f"{start}{PLACE}{source.removeprefix(root)}:{line}\n")

    def dispatch_visit(self, node: nodes.Node) -> None:
        """Write a node; for those of extensions, whose writers forget them, the anchors first."""
        if isinstance(node, nodes.Element) and not type(node).__module__.startswith(_WITH_ANCHORS):
            self.body += [self.hypertarget(one) for one in node["ids"]]
        super().dispatch_visit(node)

    def visit_paragraph(self, node: nodes.Element) -> None:
        """Write a paragraph, below a line that says where it is from."""
        super().visit_paragraph(node)
        self._note_place(node)

    def visit_title(self, node: nodes.Element) -> None:
        """Write a title, with the number that the site gives to a section."""
        if not isinstance(node.parent, nodes.section) or self.this_is_the_title:
            super().visit_title(node)
            return
        self._note_place(node)
        kind = self.sectionnames[min(self.sectionlevel, len(self.sectionnames) - 1)]
        number = ".".join(map(str, section_number(self.builder.env, self.page, node.parent)))
        if number:
            self.body.append(f"\\renewcommand{{\\the{kind}}}{{{number}}}%\n")
            super().visit_title(node)
            return
        words = self.escape(" ".join(node.astext().split()))
        self.body.append(f"\\{kind}*{{")
        mark = f"\\markboth{{{words}}}{{{words}}}" if kind == "chapter" else ""
        contents = f"\\addcontentsline{{toc}}{{{kind}}}{{{words}}}{mark}"
        self.context.append(f"}}\\phantomsection{self.hypertarget_to(node.parent)}{contents}\n")
        self.in_title = 1

    def _set_number(self, counter: str, node: nodes.Element) -> None:
        """Let LaTeX show the number of the site in the caption of ``node``."""
        numbers = self.builder.env.toc_fignumbers.get(self.page, {})
        if numbered(self.builder.env, self.page, node):
            counts = [found for kind in numbers.values() for one in node["ids"] if (found := kind.get(one))]
            shown = ".".join(map(str, counts[0]))
            self.body.append(f"\\renewcommand{{\\the{counter}}}{{{shown}}}%\n")

    def visit_caption(self, node: nodes.Element) -> None:
        """Write the caption of a figure or a listing."""
        counter = "figure" if isinstance(node.parent, nodes.figure) else "literalblock"
        self._set_number(counter, node.parent)
        super().visit_caption(node)

    def visit_table(self, node: nodes.Element) -> None:
        """Write a table."""
        self._set_number("table", node)
        super().visit_table(node)

    def visit_citation(self, node: nodes.Element) -> None:
        """Write an entry of a bibliography, with an anchor for ordinary references, too."""
        super().visit_citation(node)
        self.body += [self.hypertarget(one) for one in node["ids"]]

    def visit_math_block(self, node: nodes.Element) -> None:
        """Write a displayed formula with the number of the site."""
        label, count = str(node.get("label")), str(node.get("number") or "")
        number = equation_number(self.builder.env, self.page, label, count)
        self._note_place(node)
        self.body += [self.hypertarget(one) for one in node["ids"]]
        lines = display_formula(node.astext(), number, on_one_line=False)
        for part in "\n".join(lines).split("$$")[1::2]:
            self.body.append(_display(part.strip()))
        raise nodes.SkipNode

    def visit_raw(self, node: nodes.Element) -> None:
        """Write LaTeX as it is, and of HTML what it says."""
        if "html" in node.get("format", "").split():
            self.body.append(self.encode(_words(node.astext())))
        super().visit_raw(node)


def _words(html: str) -> str:
    """Return what a piece of HTML says."""
    from bs4 import BeautifulSoup

    tree = BeautifulSoup(html, "html.parser")
    for hidden in tree.select("script, style"):
        hidden.decompose()
    return re.sub(r"\n{2,}", "\n", tree.get_text())


def _display(formula: str) -> str:
    """Return a formula as LaTeX has it on lines of its own."""
    if re.match(r"\\begin\{(align|gather|alignat)\*\}", formula):
        return f"\n{formula}\n"
    return f"\n\\begin{{equation*}}\n{formula}\n\\end{{equation*}}\n"


class PdfBuilder(OneTabBuilder, LaTeXBuilder):
    """Writes one LaTeX file; :mod:`tabbook.render.typeset` makes a PDF of it."""

    name = PDF
    default_translator_class = Translator

    def init(self) -> None:
        """Prepare as Sphinx does, with our ways and then the author's."""
        author = {**self.config.latex_elements}
        author["preamble"] = "\n".join([
            _PREAMBLE, _fonts(self.config.language), _macros(self.config), author.get("preamble", ""),
        ])  # fmt: skip
        author.setdefault("fontpkg", "")
        # For Chinese, Sphinx loads a large package; fonts that have all signs need none.
        author.setdefault("fontenc", r"\usepackage{fontspec}")
        author.setdefault("fvset", r"\fvset{fontsize=\small}")
        before, self.config.latex_elements = self.config.latex_elements, {**_ELEMENTS, **author}
        try:
            super().init()
        finally:
            self.config.latex_elements = before
        self.context |= {"releasename": texescape.escape(self.volume.subtitle, "xelatex"), "date": ""}
        self.context["release"] = ""

    def link(self, _page: str, to: str, anchor: str) -> str:
        """Return an address as Sphinx's writer of LaTeX wants it."""
        return f"%{to}#{anchor or ':doc'}"

    def init_document_data(self) -> None:
        """Let one file be written."""
        escaped = texescape.escape(self.config.author, "xelatex")
        title = texescape.escape(self.volume.title, "xelatex")
        first = next(iter(self.volume.pages))
        self.document_data = [(first, SOURCE, title, escaped, "manual", False)]
        self.docnames = self.volume.pages

    def update_doc_context(self, title: str, author: str, theme: Theme) -> None:
        """Set what the theme decides, with our size of paper unless the author wants another."""
        super().update_doc_context(title, author, theme)
        wanted = {"papersize": "a4paper", "pointsize": "11pt", **self.config.latex_elements}
        self.context |= {name: wanted[name] for name in ("papersize", "pointsize")}

    def get_contentsname(self, indexfile: str) -> str:  # noqa: ARG002 - Sphinx's signature
        """Return nothing: the contents have their usual title."""
        return ""

    def assemble_doctree(self, *_: object, **_options: object) -> nodes.document:
        """Return one tree of all pages, those below others inside their sections."""
        document = new_document(SOURCE)
        document["docname"] = next(iter(self.volume.pages))
        book = nodes.section("", nodes.title("", self.volume.title))
        document += book
        above = [book]
        for page, depth in self.volume.pages.items():
            tree = self.trees[page]
            del above[depth + 1 :]
            file = start_of_file("", *tree.children, docname=page)
            above[-1] += file
            section = next((one for one in file.children if isinstance(one, nodes.section)), above[-1])
            section["ids"].append(":doc")  # where references to the page as a whole lead
            above.append(section)
        return document


def _fonts(language: str) -> str:
    """Return the fonts of a book in ``language``."""
    start, _, _ = language.partition("_")
    if start not in CJK:
        return _FONTS % ("FreeSerif", "FreeSans", "DejaVu Sans Mono")
    region = "TC" if language.lower() in _CJK_TRADITIONAL else CJK[start]
    kinds = "Noto Serif CJK", "Noto Sans CJK", "Noto Sans Mono CJK"
    return _FONTS % tuple(f"{kind} {region}" for kind in kinds) + _LINE_BREAKS % start


def macros(config: Any) -> dict[str, tuple[str, int]]:
    """Return the commands that the book defines for MathJax: what each means, and its number of arguments."""
    found: Mapping[str, Any] = ((config.mathjax3_config or {}).get("tex") or {}).get("macros") or {}
    return {
        name: (str(value[0]), int(value[1])) if isinstance(value, list | tuple) else (str(value), 0)
        for name, value in found.items()
    }


def _macros(config: Any) -> str:
    lines = [
        f"\\providecommand{{\\{name}}}{{}}\\renewcommand{{\\{name}}}[{count}]{{{meaning}}}"
        for name, (meaning, count) in macros(config).items()
    ]
    return "\n".join(lines)
