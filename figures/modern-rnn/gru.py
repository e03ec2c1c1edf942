"""A gated recurrent unit with one hidden unit, and the numbers of the text."""

import math

from figures.kit import Figure


def draw() -> Figure:
    """Draw the way of the old state to the new one, and below it how the candidate comes about."""
    h, x, w, r, z = -0.8, 1.0, 0.5, 0.5, 0.75
    candidate = math.tanh(x + r * w * h)
    figure = Figure(400, 250)
    top, low = 58, 172
    figure.text(38, 22, "*h*_{t−1}", "muted")
    figure.text(356, 22, "*h*_t", "muted")
    figure.box(38, top, 52, 34, f"−{-h:g}", "green")
    figure.line((64, top), (138, top), color="ink", width=3, arrow=True)
    figure.circle(155, top, 15, "×", "orange")
    figure.text(155, 22, f"*z* = {z:g}", "orange")
    figure.line((170, top), (256, top), color="ink", width=3, arrow=True)
    figure.text(212, top - 14, f"−{-z * h:.1f}", "ink", size=13)
    figure.circle(273, top, 15, "+", "muted")
    figure.line((288, top), (328, top), color="ink", width=3, arrow=True)
    figure.box(356, top, 52, 34, f"−{-(z * h + (1 - z) * candidate):.2f}", "green")
    # The candidate
    figure.line((38, 76), (38, low), (67, low), color="muted", arrow=True)
    figure.circle(84, low, 15, "×", "purple")
    figure.text(84, low + 32, f"*r* = {r:g}", "purple")
    figure.text(46, low - 52, f"*w*_{{hh}} = {w:g}", "muted", size=13, anchor="start")
    figure.line((99, low), (140, low), color="muted", arrow=True)
    figure.text(118, low - 14, f"−{-r * w * h:.1f}", "ink", size=13)
    figure.circle(157, low, 15, "+", "muted")
    figure.line((157, 216), (157, 189), color="muted", arrow=True)
    figure.text(157, 230, f"*x* = {x:g}", "muted")
    figure.line((172, low), (200, low), color="muted", arrow=True)
    figure.box(224, low, 46, 34, "tanh", "muted")
    figure.line((247, low), (273, low), (273, 133), color="muted", arrow=True)
    figure.text(300, low - 6, f"{candidate:.2f}", "blue", anchor="start")
    figure.text(300, low + 14, "candidate", "blue", size=13, anchor="start")
    figure.circle(273, 116, 15, "×", "orange")
    figure.text(298, 116, f"1 − *z* = {1 - z:g}", "orange", anchor="start")
    figure.line((273, 101), (273, 75), color="muted", arrow=True)
    figure.text(281, 88, f"{(1 - z) * candidate:.2f}", "ink", size=13, anchor="start")
    return figure
