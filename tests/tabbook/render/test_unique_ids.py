"""Ids that extensions repeat: a page has each once, and what an extension looks up it still finds."""

from docutils import nodes
from docutils.utils import new_document

from tabbook.render.unique_ids import KeepIdsUnique


def test_only_the_first_of_equal_sections_keeps_their_id() -> None:
    document = new_document("page.md")
    for label in ("ex_1", "ex_2"):
        box = nodes.admonition(ids=[label])
        box += nodes.section(ids=["exercise-content", label + "-own"])
        document += box
    KeepIdsUnique(document).run()
    assert [section["ids"] for section in document.findall(nodes.section)] == [
        ["exercise-content", "ex_1-own"],
        ["ex_2-own"],
    ]


def test_a_box_and_its_title_may_share_an_id() -> None:
    """So sphinx-proof writes a lemma, and it finds the title by this id: without it the build would fail."""
    document = new_document("page.md")
    box = nodes.admonition(ids=["lem"])
    box += nodes.title(ids=["lem"])
    document += box
    KeepIdsUnique(document).run()
    assert all(node["ids"] == ["lem"] for node in (box, box[0]))
