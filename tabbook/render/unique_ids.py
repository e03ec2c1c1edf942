"""Ids that an extension gives to several elements of a page, as sphinx-exercise does to its exercises."""

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform


class KeepIdsUnique(SphinxPostTransform):
    """Take a repeated id from all elements of a page but the first: links lead to that one anyway."""

    default_priority = 800  # when the page has its elements
    formats = ("html",)

    def run(self, **_arguments: object) -> None:
        """Look at the elements in the order of the page."""
        seen: set[str] = set()
        for node in self.document.findall(nodes.Element):
            if ids := node.get("ids"):
                node["ids"] = [one for one in dict.fromkeys(ids) if one not in seen]
                seen.update(ids)
