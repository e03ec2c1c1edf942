"""What the HTML of outputs can do to a page, and which outputs of a tab belong together."""

from typing import Any

import pytest

from tabbook.merge.isolation import contexts, isolate
from tabbook.merge.markup import read_markup, with_html
from tabbook.merge.visible import look_equal, shown
from tabbook.model import Output


def html(text: str) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {"text/html": text}}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<b>bold</b> &lt;b a < b", "plain"),
        ("<p>one<p>two<ul><li>a<li>b</ul><br/><img src='x.png'>", "plain"),
        ("<table><tr><td>1</table>", "plain"),
        ("<details><summary>more</summary>text</details><!-- a comment -->", "plain"),
        ("<iframe src='https://www.youtube.com/embed/x'></iframe>", "plain"),
        ("<div id='plot'></div>", "static"),
        ("<style scoped>.dataframe td {}</style><table class='dataframe'></table>", "static"),
        ("<label for='a'>x</label>", "static"),
        ("<svg><path id='a'/><use href='#a'/><title>t</title></svg>", "static"),
        ("<script>1</script>", "live"),
        ("<b onclick='f()'>x</b>", "live"),
        ("<a href=' java\nscript:f()'>x</a>", "live"),
        ("<link rel='stylesheet' href='x.css'>", "live"),
        ("<form><input></form>", "live"),
        ("<my-chart></my-chart>", "live"),
        ("<iframe src='local.html'></iframe>", "live"),
        ("<iframe srcdoc='x'></iframe>", "live"),
        ("<!DOCTYPE html><html><body>x</body></html>", "live"),
        ("</div></div>", "live"),
        ("<div>", "live"),
        ("<div/>", "live"),
        ("<b><i></b></i>", "live"),
        ("<table><tr><td>1", "live"),
        ("text <!-- and no end", "live"),
        ("text <b title='and no end>", "live"),
        ("<!-->x<!-- a > b -->", "live"),
        ("<textarea><b></textarea>", "live"),
    ],
)
def test_what_html_can_do_to_the_page_around_it(text: str, kind: str) -> None:
    assert read_markup("text/html", text).kind == kind


def test_an_output_holds_for_later_ones_of_its_tab() -> None:
    texts = [
        *("<div class='x'></div>", "<div id='a'></div>", "<style>b {color: red} </style>", "<b>plain</b>"),
        *("<style>#T_1 td {}</style><i id='T_1'></i>", "<script>use('.x'); a.textContent = 1</script>"),
    ]
    found = isolate([read_markup("text/html", text) for text in texts])
    assert [one.kind for one in found] == ["live", "live", "static", "static", "static", "live"]
    assert [one.last for one in found] == [5, 5, 2, 3, 4, 5], "the last script fills the first two"
    assert found[3].styles == ("b {color: red} ",)
    assert found[5].styles == ("b {color: red} ",), "a sheet for one's own names holds for nobody else"


def test_outputs_that_look_the_same_differ_where_what_they_use_does() -> None:
    def context(
        loads: str, shows: str = "<p id='p'></p><script>p.textContent = who</script>"
    ) -> dict[int, str]:
        return contexts({1: [html(f"<script>who = '{loads}'</script>")], 4: [html(shows)]})

    assert context("jax")[4] != context("torch")[4]
    assert context("jax") == context("jax")
    assert context("jax", "<b>plain</b>") == {1: "", 4: ""}


def test_markdown_with_a_script_is_kept_apart_as_a_whole() -> None:
    data = {"text/markdown": "*a* <script>1</script>"}
    assert with_html(data)["text/html"] == "<p><em>a</em> <script>1</script></p>\n"
    for other in ({"text/markdown": "*a* <b>b</b>"}, {**data, "image/png": "aGk="}, {"text/plain": "a"}):
        assert with_html(other) == other


def test_exports_show_prints_in_the_order_of_the_run() -> None:
    prints = [{"output_type": "stream", "name": "stdout", "text": text} for text in ("a\n", "b\n", "c\n")]
    assert [one.get("text") for one in shown([*prints[:2], html("x"), prints[2]], ())] == [
        "a\nb\n",
        None,
        "c\n",
    ]


def test_addresses_of_objects_make_no_difference() -> None:
    """Else what is equal stands behind tabs, such as the value of ``plt.plot``."""

    def made(address: str) -> list[Output]:
        text = f"[<matplotlib.lines.Line2D at {address}>]"
        printed = f"<object object at {address}>\n"
        return [
            {"output_type": "execute_result", "data": {"text/plain": text}},
            {"output_type": "stream", "name": "stdout", "text": printed},
        ]

    assert look_equal(made("0x7f01"), made("0x7fab"))
    assert not look_equal(made("0x7f01"), made("7"))
