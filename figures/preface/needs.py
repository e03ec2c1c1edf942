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
GAP = 12
"""Between chapters, more than `STEP`."""
LOOKED_UP = ("index", "notation", "installation")
"""Pages that nobody reads before others."""
LONGEST = 45
"""Characters of a title that fit."""
NEAR = 5
"""Arcs over fewer sections than that are blue: most are inside a chapter."""


def sections() -> list[tuple[str, str, str]]:
    """Return the chapter, the title and the text of each section in a chapter, in the book's order."""
    files = [Path(entry.file) for entry in Book.load(ROOT).contents]
    in_chapters = [file for file in files if len(file.parts) > 2 and file.stem not in LOOKED_UP]
    texts = [(file.parts[1], (ROOT / file).with_suffix(".md").read_text()) for file in in_chapters]
    return [(chapter, re.findall(r"^# (.+)$", text, re.M)[0], text) for chapter, text in texts]


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
    chapters = [chapter for chapter, _, _ in listed]
    heights = [STEP * (i + 1) + GAP * len(set(chapters[: i + 1])) - GAP for i in range(len(listed))]
    figure = Figure(400, heights[-1] + STEP)
    for i, j in sorted(needs([text for _, _, text in listed])):
        middle, half = (heights[i] + heights[j]) / 2, (heights[j] - heights[i]) / 2
        reach = 80 * ((j - i) / len(listed)) ** 0.4  # arcs of different lengths do not end up in one line
        angles = [math.pi * k / 24 - math.pi / 2 for k in range(25)]
        arc = [(313 + reach * math.cos(t), middle + half * math.sin(t)) for t in angles]
        color, width = ("blue", 1.2) if chapters[i] == chapters[j] else ("muted", 0.9)
        figure.line(*arc, color=color, width=width, arrow=True)
    for (_, title, _), height in zip(listed, heights, strict=True):
        short = title if len(title) <= LONGEST else title[: LONGEST - 1].rstrip() + "…"
        figure.text(300, height, short, size=12, anchor="end")
        figure.dot(309, height, "blue", radius=3)
    return figure
