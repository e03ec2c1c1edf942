"""Ids that an extension gives to several elements of a page, as sphinx-exercise does to its exercises."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class KeepIdsUnique(SphinxPostTransform):
    """Take a repeated id from all sections of a page but the first.

    Sections alone: sphinx-exercise and sphinx-proof wrap what each box holds in a section of one and the same
    id, which nobody links to. Ids of other elements stay, as the extension may look its own up when it
    writes: sphinx-proof finds the place of a lemma's name by the id that the box and its title share.
    """

    default_priority = 800  # when the page has its elements
    formats = ("html",)

    def run(self, **_arguments: object) -> None:
        """Look at the sections in the order of the page."""
        seen: set[str] = set()
        for section in self.document.findall(nodes.section):
            ids = section["ids"]
            section["ids"] = [one for one in ids if one not in seen]
            seen.update(ids)
