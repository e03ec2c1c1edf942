"""Plots: what is drawn, and how its colors follow the theme of a page."""

import inspect

import numpy as np
import pytest


@pytest.fixture
def axes(d2l):
    figure, axes = d2l.plt.subplots()
    yield axes
    d2l.plt.close(figure)


def drawn(axes):
    """Return the curves that axes have, as lists of numbers."""
    return [(list(map(float, line.get_xdata())), list(map(float, line.get_ydata()))) for line in axes.lines]


def test_one_curve_over_its_positions(d2l, axes):
    d2l.plot([3.0, 4.0, 5.0], axes=axes)
    assert drawn(axes) == [([0, 1, 2], [3, 4, 5])]


def test_tensors_and_lists_mix(d2l, axes):
    d2l.plot(d2l.arange(0, 3.0, 1.0), [d2l.tensor([1.0, 2.0, 3.0]), [4, 5, 6]], axes=axes)
    assert drawn(axes) == [([0, 1, 2], [1, 2, 3]), ([0, 1, 2], [4, 5, 6])]


def test_numbers_that_are_tensors_are_one_curve(d2l, axes):
    d2l.plot([d2l.tensor(1.0), d2l.tensor(2.0)], axes=axes)
    assert drawn(axes) == [([0, 1], [1, 2])]


def test_more_curves_than_formats_are_all_drawn(d2l, axes):
    d2l.plot([0, 1], [[k, k] for k in range(6)], axes=axes)
    assert [ys[0] for _, ys in drawn(axes)] == [0, 1, 2, 3, 4, 5]


def test_a_curve_each_with_its_own_x(d2l, axes):
    d2l.plot([[0, 1], [5, 6, 7]], [[1, 1], [2, 2, 2]], axes=axes)
    assert drawn(axes) == [([0, 1], [1, 1]), ([5, 6, 7], [2, 2, 2])]


def test_labels_limits_scales_and_legend(d2l, axes):
    d2l.plot([1, 10], [[1, 2]], "x", "y", ["one"], (1, 10), (0, 3), "log", axes=axes)
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_xscale(), axes.get_yscale()) == (
        "x", "y", "log", "linear",
    )  # fmt: skip
    assert axes.get_xlim() == (1, 10)
    assert axes.get_ylim() == (0, 3)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one"]


def test_no_default_can_be_changed(d2l):
    """A list as a default would keep what one call adds to it."""
    functions = [getattr(d2l, name) for name in d2l.__all__]
    functions += [f for owner in functions if inspect.isclass(owner) for f in vars(owner).values()]
    for function in filter(inspect.isfunction, functions):
        parameters = inspect.signature(function).parameters.values()
        assert not [p for p in parameters if isinstance(p.default, (list, dict, set))], function


def test_plotting_again_into_the_same_axes_replaces_the_curves(d2l, axes):
    for _ in range(2):
        d2l.plot([1.0, 2.0], axes=axes)
    assert len(axes.lines) == 1


def test_the_svg_has_the_same_bytes_and_rules_for_dark_pages(d2l, axes):
    d2l.plot([1.0, 2.0], xlabel="time", axes=axes)
    svg = d2l.figure_svg(axes.figure)
    assert svg == d2l.figure_svg(axes.figure)
    assert "@media (prefers-color-scheme: dark)" in svg
    assert ">time</text>" in svg, "text is text"
    rules = svg.split("</style>", 1)[0]
    for light, dark in d2l.THEME_COLORS.items():
        assert f'[style*="stroke: {light}"] {{stroke: {dark} !important}}' in rules
    used = {color for color in d2l.THEME_COLORS if f"stroke: {color}" in svg.split("</style>", 1)[1]}
    assert {"#24292f", "#0b5cad", "#d0d7de"} <= used, "axes, curve and grid have colors of the theme"


def test_glue_hands_over_a_value_under_a_name(d2l, monkeypatch):
    shown = []
    monkeypatch.setattr(d2l.display, "display", lambda *args, **kwargs: shown.append((args, kwargs)))
    for value in (0.5, np.float64(0.5)):  # whose own form, np.float64(0.5), no text can format
        d2l.glue("loss", value)
        (args, kwargs) = shown.pop()
        assert (repr(args), kwargs) == (
            "(0.5,)",
            {"metadata": {"scrapbook": {"name": "loss", "mime_prefix": ""}}},
        )
        assert shown == []
