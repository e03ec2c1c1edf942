"""Texts with arrows in a plot: where they are, and that both are visible on light and dark pages."""

import pytest


@pytest.fixture
def axes(d2l):
    figure, axes = d2l.plt.subplots()
    yield axes
    d2l.plt.close(figure)


def test_the_text_and_its_arrow_are_where_the_caller_says(d2l, axes):
    d2l.plot([0.0, 5.0], axes=axes)
    d2l.annotate("here", (1.0, 5.0), (0.5, 2.0))
    (note,) = axes.texts
    assert note.get_text() == "here"
    assert note.xy == (1.0, 5.0), "the arrow leads to the point"
    assert note.xyann == (0.5, 2.0), "and the text is at the other end"
    assert note.xycoords == note.anncoords == "data", "in the units of the axes"


def test_text_and_arrow_follow_the_theme(d2l, axes):
    """Also without a plot before it: Matplotlib's own black would vanish on a dark page."""
    d2l.annotate("here", (1.0, 1.0), (0.5, 0.5))
    d2l.use_svg_display()  # Text as text
    svg = d2l.figure_svg(axes.figure)
    ink = next(iter(d2l.THEME_COLORS))
    (text,) = (line for line in svg.splitlines() if ">here</text>" in line)
    assert f"fill: {ink}" in text
    arrow = svg[: svg.index(text)].rsplit('<g id="patch', 1)[1]
    assert f"stroke: {ink}" in arrow
