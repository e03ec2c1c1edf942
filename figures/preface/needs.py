"""Which section builds on which: read from the links in the sections to earlier ones."""

import math
import re
from pathlib import Path

from figures.kit import Figure
from tabbook.book import Book

ROOT = Path(__file__).parents[2]
LABEL = re.compile(r"^\(([\w:-]+)\)=$|^:(?:name|label): ([\w:-]+)$|\$\$ \(([\w:-]+)\)$", re.M)
LINK = re.compile(r"\{(?:numref|ref|eq)\}`(?:[^`<]*<)?([\w:-]+)>?`")
STEP = 20
LOOKED_UP = ("index", "notation", "installation")
"""Pages that nobody reads before others."""
LONGEST = 42
"""Characters of a title that fit."""


def sections() -> list[tuple[str, str]]:
    """Return the title and the text of each section in a chapter, in the book's order."""
    files = [Path(entry.file) for entry in Book.load(ROOT).contents]
    in_chapters = [file for file in files if len(file.parts) > 2 and file.stem not in LOOKED_UP]
    texts = [(ROOT / file).with_suffix(".md").read_text() for file in in_chapters]
    return [(re.findall(r"^# (.+)$", text, re.M)[0], text) for text in texts]


def needs(texts: list[str]) -> set[tuple[int, int]]:
    """Return the pairs (i, j) of sections where j refers to i, unless j needs one that needs i anyway."""
    labels = [{name for names in LABEL.findall(text) for name in names if name} for text in texts]
    home = {name: i for i, names in enumerate(labels) for name in names}
    links = [{home[name] for name in LINK.findall(text) if name in home} for text in texts]
    direct = [{i for i in linked if i < j} for j, linked in enumerate(links)]
    before: list[set[int]] = []  # all that a section needs, by others too
    for mine in direct:
        before.append(mine.union(*(before[i] for i in mine)))
    return {(i, j) for j, mine in enumerate(direct) for i in mine if not any(i in before[k] for k in mine)}


def draw() -> Figure:
    """Draw the sections below each other, and an arc from each to those that need it directly."""
    listed = sections()
    figure = Figure(400, STEP * (len(listed) + 1))
    for i, (title, _) in enumerate(listed):
        short = title if len(title) <= LONGEST else title[: LONGEST - 1].rstrip() + "…"
        figure.text(278, STEP * (i + 1), short, size=12, anchor="end")
        figure.dot(287, STEP * (i + 1), "blue", radius=3)
    for i, j in sorted(needs([text for _, text in listed])):
        middle, half = STEP * (i + j + 2) / 2, STEP * (j - i) / 2
        reach = min(105, 14 * math.sqrt(2 * (j - i)))
        angles = [math.pi * k / 24 - math.pi / 2 for k in range(25)]
        arc = [(291 + reach * math.cos(t), middle + half * math.sin(t)) for t in angles]
        figure.line(*arc, color="muted", width=1.2, arrow=True)
    return figure
