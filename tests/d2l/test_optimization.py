"""Searches on functions of two variables: their points, and how they are drawn."""

import numpy as np
import pytest


def gradient(x1, x2):
    return 0.2 * x1, 4 * x2


def descend(x1, x2, s1, s2, f_grad):
    g1, g2 = f_grad(x1, x2)
    return x1 - 0.4 * g1, x2 - 0.4 * g2, s1, s2


@pytest.fixture
def drawn(d2l):
    """A function that draws a search and returns the axes."""

    def draw(f, points):
        d2l.show_trace_2d(f, points)
        return d2l.plt.gca()

    yield draw
    d2l.plt.close("all")


def test_a_search_has_its_start_and_a_point_for_each_step(d2l):
    factors = np.array([0.92, -0.6]) ** np.arange(21)[:, None]
    points = d2l.train_2d(descend, f_grad=gradient)
    np.testing.assert_allclose(points, [-5, -2] * factors, rtol=1e-12)
    assert d2l.train_2d(descend, steps=0, f_grad=gradient) == [(-5, -2)]


def test_a_search_remembers_two_numbers_and_needs_no_gradient(d2l):
    """Each number is handed to the next step, and both begin with 0."""
    seen = []

    def trainer(x1, x2, s1, s2):
        seen.append((s1, s2))
        return x1, x2, s1 + 1, s2 + 2

    d2l.train_2d(trainer, steps=3)
    assert seen == [(0, 0), (1, 2), (2, 4)]


def test_points_are_plain_numbers_even_if_the_steps_use_tensors(d2l):
    half = d2l.tensor(0.5)

    def trainer(x1, x2, s1, s2):
        return x1 * half, x2 * half, s1, s2

    points = d2l.train_2d(trainer, steps=2)
    assert points == [(-5, -2), (-2.5, -1), (-1.25, -0.5)]
    assert all(type(x) is float for point in points for x in point)


def test_a_search_is_drawn_in_its_order(d2l, drawn):
    points = d2l.train_2d(descend, f_grad=gradient)
    (line,) = drawn(lambda x1, x2: x1**2 + x2**2, points).lines
    np.testing.assert_array_equal(line.get_xydata(), points)


@pytest.mark.parametrize("far", [(0, 0), (30, -7), (-9, 4)])
def test_contour_lines_reach_around_every_point(drawn, far):
    """A search that swings or diverges stays within what is drawn."""
    asked = []

    def f(x1, x2):
        asked.append((x1, x2))
        return x1 + x2

    drawn(f, [(-5, -2), far])
    (low1, low2), (high1, high2) = np.min(asked, axis=0), np.max(asked, axis=0)
    assert low1 <= min(-5.5, far[0])
    assert low2 <= min(-3, far[1])
    assert high1 >= max(1, far[0])
    assert high2 >= max(1, far[1])


def test_contour_lines_are_those_of_the_function(drawn):
    """Each of its two arguments belongs to its own axis."""
    axes = drawn(lambda x1, x2: x1 + 10 * x2, [(-5, -2), (0, 0)])
    paths = [path for lines in axes.collections for path in lines.get_paths() if len(path.vertices)]
    assert len(paths) > 5
    for path in paths:
        values = path.vertices @ [1, 10]
        np.testing.assert_allclose(values, values[0], atol=1e-6)


def test_contour_lines_have_colors_of_the_theme(d2l, drawn):
    """Otherwise they could not be read on a dark page."""
    axes = drawn(lambda x1, x2: x1**2 + x2**2, [(-5, -2), (0, 0)])
    styles = d2l.figure_svg(axes.figure).split("</style>", 1)[1]
    ink, _, _, orange = list(d2l.THEME_COLORS)[:4]
    assert f"stroke: {ink}; stroke-opacity: 0.4" in styles
    assert f"stroke: {orange}" in styles
