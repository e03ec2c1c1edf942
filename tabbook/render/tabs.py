"""Tabs in the document tree: plain containers for every builder, real tabs in HTML.

Why not sphinx-design's tab sets: without JavaScript these hide all tabs but one, they are
radio buttons to a screen reader, and the choice takes effect only when the page has loaded,
which shows the wrong framework first. Ours are plain nodes, each framework under its name,
until the HTML builder makes an accessible tab list of them; which panel is visible is decided
by one attribute of the page, set before anything is drawn (``static/tabbook-early.js``).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, TypeGuard

from docutils import nodes
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from tabbook.language import marked, translator
from tabbook.merge.failures import FAILED, FAILED_ABOVE, FAILED_BELOW, FAILED_JOB
from tabbook.merge.page import METADATA_KEY, NEEDS_GPU, NEEDS_GPUS, NO_OUTPUT, NOT_EXECUTED, OF_FIGURE
from tabbook.render.build_warnings import warn
from tabbook.render.compact import CELLS_ATTRIBUTE, Description, compacted, describe
from tabbook.render.pages import CELL_INDICES, page_data
from tabbook.render.scopes import names_of

PART_ATTRIBUTE = "tabbook_part"
"""The attribute that says what a container is to us: a block, a group or a panel."""
_UNSEEN = ("cell_index", "cell_metadata", "exec_count", CELLS_ATTRIBUTE)
"""The attributes of a code cell that readers do not see."""
_NOTES = {
    NEEDS_GPU: marked("Not executed in {name}: it needs a GPU, and the outputs are missing."),
    NEEDS_GPUS: marked("Not executed in {name}: it needs several GPUs, and the outputs are missing."),
    NOT_EXECUTED: marked("Not executed in {name}: the outputs are missing."),
    NO_OUTPUT: marked("No output in {name}."),
}
_LACKS = marked("There is no code for {name} in this section.")
_FAILURES = {
    FAILED: marked("This cell failed in {name}: {reason}"),
    FAILED_ABOVE: marked("Not executed in {name}: a cell above failed."),
    FAILED_BELOW: marked("The outputs in {name} are missing: a cell below failed."),
    FAILED_JOB: marked("Not executed in {name}: {reason}"),
}
"""Notes that belong to a single cell and tab."""


def names_in(config: Config) -> dict[str, str]:
    """Return the names of the book's frameworks, by tab, in the book's order."""
    return {tab: value["name"] for tab, value in config.tabbook.get("tabs", {}).items()}


def tab_block(tabs: Sequence[str]) -> nodes.container:
    """Return an empty block for the readers of ``tabs``."""
    return _container("block", tabs)


def _container(part: str, tabs: Sequence[str], children: Sequence[nodes.Node] = ()) -> nodes.container:
    node = nodes.container("", *children, classes=[f"tabbook-{part}"], tabs=list(tabs))
    node[PART_ATTRIBUTE] = part
    return node


def _note(text: str) -> nodes.paragraph:
    return nodes.paragraph(text, text, classes=["tabbook-note"])


class TabDirective(SphinxDirective):
    """Text for the readers of some frameworks: ``:::{tab} pytorch, jax``."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return one container, or the text alone if the names are no tabs."""
        named = self.arguments[0].replace(",", " ").split()
        known = self.config.tabbook["tabs"]
        for name in named:
            if name not in known:
                warn(f"unknown tab {name!r}; the tabs are {', '.join(known)}", "tab", self.get_location())
        node = tab_block([tab for tab in known if tab in named])
        self.set_source_info(node)
        if not node["tabs"]:
            self.state.nested_parse(self.content, self.content_offset, node)
            return list(node.children)
        with names_of(self.state.document, node["tabs"], node):
            self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def _is_cell(node: nodes.Node) -> TypeGuard[nodes.container]:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def _mark(node: nodes.Node) -> dict[str, Any]:
    """Return the mark that the merge left on a code cell; empty for every other node."""
    if _is_cell(node):
        metadata: dict[str, Any] = node["cell_metadata"]
        mark: dict[str, Any] = metadata.get(METADATA_KEY, {})
        return mark
    return {}


def _is_block(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and bool(node.get(PART_ATTRIBUTE) == "block")


@dataclass
class Panel:
    """What some tabs show: nodes, and a note below them; ``appearance`` is what readers see of it."""

    tabs: tuple[str, ...]
    content: list[nodes.Node]
    note: str = ""
    appearance: object = None


def _appearance(described: Description | str) -> object:
    """Return of a description what readers see."""
    if isinstance(described, str):
        return described
    kind, rawsource, _source, _line, attributes, children = described
    seen = {name: value for name, value in attributes.items() if name not in _UNSEEN}
    return kind, rawsource, seen, [_appearance(child) for child in children]


def _shared(panels: Iterable[Panel], order: Sequence[str]) -> list[Panel]:
    """Return the panels in the book's order, with one for all the tabs that show the same code and text."""
    shared: list[Panel] = []
    for panel in sorted(panels, key=lambda panel: order.index(panel.tabs[0])):
        described = [describe(node) for node in panel.content]
        if None not in described:
            context = [_mark(node).get("context") for node in panel.content]
            panel.appearance = panel.note, context, [_appearance(one) for one in described if one is not None]
        twin = next(
            (one for one in shared if one.appearance is not None and one.appearance == panel.appearance), None
        )
        if twin is None:
            shared.append(panel)
        else:
            twin.tabs = tuple(sorted({*twin.tabs, *panel.tabs}, key=order.index))
    return shared


class twin_figure(nodes.figure):  # noqa: N801 - docutils names nodes so
    """A figure that another tab has, too: shown like any other, but not counted again."""


class GroupTabs(SphinxTransform):
    """Make a group of each run of tab blocks of different frameworks, and of each run of cells."""

    default_priority = 200  # before targets are handed on to the node that follows them

    def apply(self, **_kwargs: Any) -> None:
        """Regroup the children of every node that has tab blocks or marked cells."""
        self.names, self.translate = names_in(self.config), translator(self.config.language)
        for figure in list(self.document.findall(nodes.figure)):
            if any(name.startswith(OF_FIGURE) for name in figure["classes"]):
                figure.replace_self(twin_figure("", *figure.children, **figure.attributes))
        parents = {
            id(node.parent): node.parent
            for node in self.document.findall(nodes.container)
            if _is_block(node) or _is_cell(node)
        }
        indices = self.env.temp_data.get(CELL_INDICES, {})
        for cell in filter(_is_cell, self.document.findall(nodes.container)):
            if cell["cell_index"] in indices:
                cell[CELLS_ATTRIBUTE] = [indices[cell["cell_index"]]]
            for code in cell.findall(nodes.literal_block):
                code["force"] = True  # code that is wrong on purpose is no reason for a warning
        for parent in parents.values():
            parent.children = list(self._regrouped(parent.children))
            for child in parent.children:
                child.parent = parent

    def _regrouped(self, children: Sequence[nodes.Node]) -> Iterator[nodes.Node]:
        """Yield the children with their runs replaced by groups."""
        run: list[nodes.container] = []
        for child in [*children, None]:
            if run and not (child is not None and self._continues(run, child)):
                yield compacted(self._group(run))
                run = []
            if child is not None and (_is_block(child) or _mark(child)):
                assert isinstance(child, nodes.container)
                run.append(child)
            elif child is not None:
                yield compacted(child) if _is_cell(child) else child

    def _continues(self, run: Sequence[nodes.container], child: nodes.Node) -> bool:
        first = _mark(run[0])
        if first:
            return bool(_mark(child).get("group") == first["group"])
        taken = {tab for block in run for tab in block["tabs"]}
        return isinstance(child, nodes.container) and _is_block(child) and not taken & set(child["tabs"])

    def _group(self, run: Sequence[nodes.container]) -> nodes.container:
        group = group_of(self._panels(run), self.names, self.translate)
        group["classes"].append("tabbook-code" if _mark(run[0]) else "tabbook-text")
        group.source, group.line = run[0].source, run[0].line
        return group

    def _panels(self, run: Sequence[nodes.container]) -> list[Panel]:
        panels: dict[tuple[str, ...], Panel] = {}
        for node in run:
            mark = _mark(node)
            tabs = (mark["tab"],) if mark else tuple(node["tabs"])
            panel = panels.setdefault(tabs, Panel(tabs, []))
            # A cell without its code and without outputs is there only for its note.
            panel.content += ([node] if node.children else []) if mark else node.children
            note = mark.get("note", "")
            if note in _FAILURES:
                name, reason = self.names[mark["tab"]], mark.get("reason", "")
                text = self.translate(_FAILURES[note]).format(name=name, reason=reason)
                panel.content.append(_note(text))
            panel.note = "" if note in _FAILURES else note
        return list(panels.values())


def group_of(
    panels: Sequence[Panel], names: Mapping[str, str], translate: Callable[[str], str] = marked
) -> nodes.container:
    """Return a group of ``panels``, each under the names of its frameworks; notes are translated."""
    order, made = list(names), []
    for panel in _shared(panels, order):
        title = ", ".join(names[tab] for tab in panel.tabs)
        name = nodes.paragraph("", "", nodes.strong(title, title), classes=["tabbook-name"])
        made.append(_container("panel", panel.tabs, [name, *panel.content]))
        if panel.note:
            made[-1] += _note(translate(_NOTES[panel.note]).format(name=title))
    tabs = {tab for panel in panels for tab in panel.tabs}
    return _container("group", [tab for tab in order if tab in tabs], made)


class tab_group(nodes.General, nodes.Element):  # noqa: N801
    """A group in HTML: the tab list, then the panels."""


class tab_panel(nodes.General, nodes.Element):  # noqa: N801
    """A panel in HTML."""


class tab_lacks(nodes.General, nodes.Element):  # noqa: N801
    """A line in HTML for the readers of a framework that a section has no code for."""


class HtmlTabs(SphinxPostTransform):
    """Turn groups into tab lists with panels, for browsers."""

    default_priority = 210  # after MyST-NB has hidden what tags hide
    formats = ("html",)

    def run(self, **_kwargs: Any) -> None:
        """Replace the containers, and give figures of other tabs the number of their twin."""
        self._number_twins()
        if getattr(self.app.builder, "embedded", False):
            return
        names = names_in(self.config)
        self._note_what_lacks(names)
        groups = [
            node for node in self.document.findall(nodes.container) if node.get(PART_ATTRIBUTE) == "group"
        ]
        for number, plain in enumerate(groups, 1):
            group = tab_group("", classes=plain["classes"], ids=plain["ids"], tabs=plain["tabs"])
            group["number"], group["titles"] = number, [names[tab] for tab in plain["tabs"]]
            panels = [panel for panel in plain.children if isinstance(panel, nodes.container)]
            group["panels"] = {tab: panel["tabs"][0] for panel in panels for tab in panel["tabs"]}
            for panel in panels:
                ids = [f"tabbook-{number}-{panel['tabs'][0]}", *panel["ids"]]
                group += tab_panel("", *panel.children, classes=panel["classes"], ids=ids, tabs=panel["tabs"])
            plain.replace_self(group)

    def _note_what_lacks(self, names: Mapping[str, str]) -> None:
        """Let a line say where a reader's framework has no code: others' code is hidden there."""
        translate = translator(self.config.language)
        has_code = page_data(self.env, "code").get(self.env.docname, ())
        for section in self.document.findall(nodes.section):
            groups = [
                child
                for child in section.children
                if isinstance(child, nodes.Element) and "tabbook-code" in child["classes"]
            ]
            is_page = isinstance(section.parent, nodes.document)
            lacking = [
                tab
                for tab in names
                if (is_page and has_code and tab not in has_code)
                or (tab in has_code and groups and not any(tab in group["tabs"] for group in groups))
            ]
            if any(map(_is_cell, section.children)):
                lacking = [tab for tab in lacking if tab not in has_code]
            for tab in lacking:
                note = _note(translate(_LACKS).format(name=names[tab]))
                place = section.index(groups[0]) if tab in has_code else 1
                section.insert(place, tab_lacks("", note, tabs=[tab]))

    def _number_twins(self) -> None:
        """Show the number of a figure in every tab: one alone carries the name, and is counted."""
        numbers = self.env.toc_fignumbers.get(self.env.docname, {}).get("figure", {})
        for figure in self.document.findall(twin_figure):
            classes = [name for name in figure["classes"] if not name.startswith(OF_FIGURE)]
            (twin,) = set(figure["classes"]) - set(classes)
            identity = nodes.make_id(twin.removeprefix(OF_FIGURE))
            figure["classes"] = [*classes, OF_FIGURE + identity]
            caption = next(iter(figure.findall(nodes.caption)), None)
            if caption is not None and identity in numbers and self.config.numfig:
                shown = self.config.numfig_format.get("figure", "") % ".".join(map(str, numbers[identity]))
                caption.insert(0, nodes.inline(shown, f"{shown} ", classes=["caption-number"]))


def visit_group(self: HTML5Translator, node: tab_group) -> None:
    """Write the start of a group, with its tab list: the first tab is the selected one."""
    attributes: Any = {"data-tabs": " ".join(node["tabs"])}
    self.body.append(self.starttag(node, "div", **attributes))
    _ = translator(self.config.language)
    label = escape(_("Framework"))
    self.body.append(f'<div class="tabbook-tabs" role="tablist" aria-label="{label}">')
    for index, (tab, title) in enumerate(zip(node["tabs"], node["titles"], strict=True)):
        panel = f"tabbook-{node['number']}-{node['panels'][tab]}"
        state = 'aria-selected="true" tabindex="0"' if index == 0 else 'aria-selected="false" tabindex="-1"'
        self.body.append(
            f'<button type="button" class="tabbook-tab" role="tab" id="tabbook-{node["number"]}-{tab}-tab" '
            f'aria-controls="{panel}" data-tab="{tab}" {state}>{escape(title)}</button>'
        )
    self.body.append("</div>\n")


def visit_panel(self: HTML5Translator, node: tab_panel) -> None:
    """Write the start of a panel."""
    attributes: Any = {
        "role": "tabpanel",
        "aria-labelledby": f"{node['ids'][0]}-tab",
        "data-tabs": " ".join(node["tabs"]),
    }
    self.body.append(self.starttag(node, "div", **attributes))


def visit_lacks(self: HTML5Translator, node: tab_lacks) -> None:
    """Write the start of such a line; it is hidden from all but these readers."""
    attributes: Any = {"data-tabs": " ".join(node["tabs"])}
    self.body.append(self.starttag(node, "div", CLASS="tabbook-lacks", **attributes))


def depart_div(self: HTML5Translator, _node: nodes.Element) -> None:
    """Write the end of a group or a panel."""
    self.body.append("</div>\n")
