"""The book in one framework as a PDF: Sphinx's LaTeX, with the numbers of the site."""

import os
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import start_of_file
from sphinx.builders.latex import LaTeXBuilder
from sphinx.builders.latex.theming import Theme
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import texescape
from sphinx.util.docutils import new_document
from sphinx.writers.latex import LaTeXTranslator

from tabbook.files import write_atomic
from tabbook.render.equations import equation_number
from tabbook.render.fonts import fallback_fonts, main_fonts
from tabbook.render.html_blocks import BLOCKS, close_items
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
    "latex_table_style": ["booktabs"],  # colours of a cell would cover what sticks out of the one before
    "latex_toplevel_sectioning": "chapter",
    "latex_docclass": {"manual": "report"},  # for Japanese, Sphinx has one that XeTeX cannot use
}
"""Settings of Sphinx for LaTeX; none of them changes how pages are read."""
_WITH_ANCHORS = ("docutils.", "sphinx.")
"""The modules whose nodes are written with their anchors."""
_PREAMBLE = r"""
\usepackage{unicode-math}
\setmathfont{latinmodern-math.otf}
\usepackage{cancel}
\providecommand{\lt}{<}
\providecommand{\gt}{>}
\providecommand{\bm}[1]{\symbf{#1}}
\providecommand{\mathds}[1]{\symbb{#1}}
\hypersetup{pdfencoding=auto, psdextra}
\setcounter{secnumdepth}{5}
\setcounter{tocdepth}{1}
\widowpenalty=10000
\clubpenalty=10000
"""
_MARKED = {
    **dict.fromkeys(("b", "strong"), "textbf"),
    **dict.fromkeys(("i", "em", "cite", "dfn", "var"), "emph"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "texttt"),
    **{"sub": "textsubscript", "sup": "textsuperscript", "u": "underline"},
}
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z]+)[^<>]*>")
_BREAK = "\N{LINE SEPARATOR}"
_WIDE_TABLES = {
    10: r"\scriptsize\setlength{\tabcolsep}{2pt}",
    6: r"\footnotesize\setlength{\tabcolsep}{4pt}",
}
"""How tables of more than so many columns are written."""
_ELEMENTS = {
    "extraclassoptions": "openany,oneside",
    "fncychap": "",
    "figure_align": "htbp",
    "maxlistdepth": "20",  # TeX's own limit is low: boxes and quotations count, too
    "sphinxsetup": "verbatimwithframe=false, VerbatimColor={HTML}{F6F7F9}, verbatimforcewraps=true",
}


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

    def visit_literal_block(self, node: nodes.Element) -> None:
        """Write code, below a line that says where it is from."""
        self._note_place(node)
        super().visit_literal_block(node)

    def visit_image(self, node: nodes.Element) -> None:
        """Write a picture, below a line that says where it is from."""
        if not isinstance(node.parent, nodes.TextElement):
            self._note_place(node if node.line else node.parent)
        super().visit_image(node)

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
        """Write a table, one of many columns with smaller letters: words that do not fit would overlap."""
        self._set_number("table", node)
        columns = len(list(node.findall(nodes.colspec)))
        size = next((one for most, one in _WIDE_TABLES.items() if columns > most), "\\normalsize")
        self.body.append(f"\\begingroup{size}\n")
        super().visit_table(node)

    def depart_table(self, node: nodes.Element) -> None:
        """Write the end of a table."""
        super().depart_table(node)
        self.body.append("\\endgroup\n")

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
            self.body.append(_marks(node) or _with_breaks(self.encode(_words(node.astext()))))
        super().visit_raw(node)


def _marks(node: nodes.Element) -> str:
    """Return the LaTeX of a tag in a sentence, such as ``<sub>``; empty unless each is closed there."""
    tag = _TAG.fullmatch(node.astext().strip())
    if tag is None or tag["name"].lower() not in _MARKED:
        return ""
    raws = (one.astext().strip() for one in node.parent.children if isinstance(one, nodes.raw))
    tags = [found for one in raws if (found := _TAG.fullmatch(one))]
    ends = [one["end"] for one in tags if one["name"].lower() == tag["name"].lower()]
    if ends != ["", "/"] * (len(ends) // 2):
        return ""
    return "}" if tag["end"] else f"\\{_MARKED[tag['name'].lower()]}{{"


def _with_breaks(text: str) -> str:
    """Return LaTeX with breaks of lines in place of their sign."""
    return text.replace(_BREAK, "\\ifhmode\\newline\\fi{}")


def _words(html: str) -> str:
    """Return what a piece of HTML says: its blocks are paragraphs, and cells are apart."""
    from bs4 import BeautifulSoup

    tree = BeautifulSoup(html, "html.parser")
    for hidden in tree.select("script, style"):
        hidden.decompose()
    close_items(tree)
    for picture in tree.select("img"):
        picture.replace_with(str(picture.get("alt") or ""))
    for line_break in tree.select("br"):
        line_break.replace_with(_BREAK)
    for cell in tree.select("td + td, th + td, td + th, th + th"):
        cell.insert(0, "\N{EM SPACE}")
    for item in tree.select("li"):
        item.insert(0, "• ")
    for block in tree.find_all([*BLOCKS]):
        block.insert_before("\n\n")
        block.insert_after("\n\n")
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", tree.get_text())


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
            _PREAMBLE, main_fonts(self.config.language), author.get("preamble", ""),
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

    def finish(self) -> None:
        """Copy what TeX needs, and choose fonts for the characters that the usual ones lack."""
        super().finish()
        path = Path(self.outdir) / SOURCE
        text = path.read_text(encoding="utf-8")
        fonts = fallback_fonts(text, self.config.language)
        write_atomic(path, text.replace("\\begin{document}", f"{fonts}\\begin{{document}}", 1).encode())

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
        parts = self.parts()
        for page, depth in self.volume.pages.items():
            tree = self.trees[page]
            del above[depth + 1 :]
            if page in parts:
                words = texescape.escape(parts[page], "xelatex")
                above[-1] += nodes.raw("", f"\\part{{{words}}}\n", format="latex")
            file = start_of_file("", *tree.children, docname=page)
            above[-1] += file
            section = next((one for one in file.children if isinstance(one, nodes.section)), above[-1])
            section["ids"].append(":doc")  # where references to the page as a whole lead
            above.append(section)
        return document
