"""Outputs that would act on the page or on each other, each kept to itself in a browser.

HTML with names or style sheets gets a shadow root, which needs no script. What runs code gets a
document of its own, in a frame without access to the page, which ``static/tabbook-frames.js``
makes; without JavaScript, its text is there instead. What an output needs is decided by
``tabbook.merge.markup``, and which outputs of a tab belong together by ``tabbook.merge.isolation``.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

from tabbook.language import translator
from tabbook.merge.isolation import Isolation, isolate
from tabbook.merge.markup import JAVASCRIPT, Markup, read_markup
from tabbook.render.tabs import PART_ATTRIBUTE
from tabbook.render.variants import parents_of

STYLES = (Path(__file__).parent / "static" / "tabbook-output.css").read_text(encoding="utf-8")
"""The style sheet of every output that is kept apart."""
_SCRIPT = f'<script type="{JAVASCRIPT}">', "</script>"
"""What MyST-NB puts around JavaScript."""
_DARK = re.compile(r"(prefers-color-scheme\s*:\s*)dark")


class isolated_output(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes so
    """An output apart from the page; its children are its text form, if it needs a script.

    ``markup`` is what it shows and ``isolation`` how, with ``place`` and ``isolation.last`` counted
    among all outputs of the page; ``tabs`` says whose it is.
    """


class NoteText(SphinxPostTransform):
    """Note the text form of outputs at their HTML, before MyST-NB chooses one of the two."""

    default_priority = 3
    formats = ("html",)

    def run(self, **_kwargs: Any) -> None:
        """Note it."""
        for bundle in self.document.findall(nodes.container):
            if bundle.get("nb_element") == "mime_bundle":
                forms = {
                    form["mime_type"]: form for form in bundle.children if isinstance(form, nodes.Element)
                }
                text = [node.deepcopy() for node in forms["text/plain"]] if "text/plain" in forms else []
                for raw in (raw for form in forms.values() for raw in form if isinstance(raw, nodes.raw)):
                    raw["mime_type"], raw["text_form"] = raw.parent["mime_type"], text


class IsolateOutputs(SphinxPostTransform):
    """Put outputs that would act on others apart from them, where pages are for a browser."""

    default_priority = 6  # after MyST-NB has chosen an output's type, and put in what is glued
    formats = ("html",)

    def run(self, **_kwargs: Any) -> None:
        """Replace the raw HTML of such outputs."""
        if getattr(self.app.builder, "embedded", False):
            return
        everyone, _ = list(self.config.tabbook.get("tabs", {})), translator(self.config.language)
        outputs = list(_outputs(self.document))
        tabs = [_tabs(raw) or everyone for raw in outputs]
        items = [_markup(raw) for raw in outputs]
        for place, isolation in _isolations(items, tabs).items():
            raw = outputs[place]
            if isolation.kind != "plain":
                words = _("This output needs JavaScript.")
                text = raw.get("text_form") or [nodes.paragraph(words, words)]
                made = isolated_output("", *(text if isolation.kind == "live" else ()))
                made["markup"], made["isolation"], made["place"] = items[place], isolation, place
                made["tabs"] = tabs[place]
                made["inline"] = isinstance(raw.parent, nodes.TextElement)
                raw.replace_self(made)


def _outputs(document: nodes.document) -> Iterator[nodes.raw]:
    """Yield the outputs of a page that are HTML or JavaScript, in their order."""
    for raw in document.findall(nodes.raw):
        if raw.get("format") == "html" and ("mime_type" in raw or "text_html" in raw["classes"]):
            yield raw


def _markup(raw: nodes.raw) -> Markup:
    """Return what an output shows, on a light page: the theme puts one below outputs when it is dark."""
    text, mime = raw.astext(), raw.get("mime_type", "text/html")
    if mime == JAVASCRIPT:
        text = text.removeprefix(_SCRIPT[0]).removesuffix(_SCRIPT[1])
    return read_markup(mime, _DARK.sub(r"\1none", text))


def _tabs(node: nodes.Node) -> Sequence[str]:
    """Return the tabs of the panel that ``node`` is in; none if it is in no panel."""
    found: Iterator[Sequence[str]] = (
        parent["tabs"] for parent in parents_of(node) if parent.get(PART_ATTRIBUTE) == "panel"
    )
    return next(found, ())


def _isolations(items: Sequence[Markup], tabs: Sequence[Sequence[str]]) -> dict[int, Isolation]:
    """Return how each of a page's outputs is shown, by its place among them.

    An output that several tabs share is shown alike in all: the merge has seen to that.
    """
    isolations: dict[int, Isolation] = {}
    for tab in dict.fromkeys(tab for names in tabs for tab in names):
        places = [place for place, names in enumerate(tabs) if tab in names]
        for place, isolation in zip(places, isolate([items[place] for place in places]), strict=True):
            isolations.setdefault(place, replace(isolation, last=places[isolation.last]))
    return isolations


def visit_isolated(self: HTML5Translator, node: isolated_output) -> None:
    """Write an output with a shadow root; of one with a frame, what its script needs."""
    markup, isolation, tag = node["markup"], node["isolation"], "span" if node["inline"] else "div"
    if isolation.kind == "static":
        sheets = "".join(f"<style>{css}</style>" for css in (STYLES, *isolation.styles))
        kind = "tabbook-data" if "dataframe" in markup.classes else "text_html"
        self.body.append(
            f'<{tag} class="output {kind} tabbook-static">'
            f'<template shadowrootmode="open">{sheets}{markup.html}</template></{tag}>\n'
        )
        raise nodes.SkipNode
    data = {"html": markup.html, "isCode": markup.is_code, "styles": isolation.styles}
    content = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    self.body.append(
        f'<{tag} class="output text_html tabbook-live" data-tabs="{escape(" ".join(node["tabs"]))}" '
        f'data-place="{node["place"]}" data-last="{isolation.last}">'
        f'<script type="application/json">{content}</script><{tag} class="tabbook-text-form">'
    )


def depart_isolated(self: HTML5Translator, node: isolated_output) -> None:
    """Write the end of an output with a frame."""
    tag = "span" if node["inline"] else "div"
    self.body.append(f"</{tag}></{tag}>\n")
