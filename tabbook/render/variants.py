"""Words that differ between frameworks inside a sentence: each reader sees one of them.

They are plain inline nodes with classes, so every builder writes them: as "0.93 (PyTorch), 0.91
(JAX)", where no script chooses.
"""

from collections.abc import Iterable, Iterator, Sequence

from docutils import nodes


def tab_classes(tabs: Iterable[str] | None) -> list[str]:
    """Return the classes of what the readers of ``tabs`` alone see; none, for ``None`` or no tabs."""
    names = [f"tabbook-for-{tab}" for tab in sorted(tabs or ())]
    return ["tabbook-only", *names] if names else []


def parents_of(node: nodes.Node) -> Iterator[nodes.Element]:
    """Yield the elements around ``node``, the innermost first."""
    while isinstance(node.parent, nodes.Element):
        node = node.parent
        yield node


def readers_of(node: nodes.Node) -> Iterator[tuple[str, ...]]:
    """Yield the tabs of each block around ``node`` that is for some readers, the innermost first."""
    for one in parents_of(node):
        if isinstance(one, nodes.container) and "tabs" in one and one.get("tabbook_part") != "group":
            yield tuple(one["tabs"])


def variants(
    versions: Sequence[tuple[Sequence[str], Sequence[nodes.Node]]], names: dict[str, str]
) -> list[nodes.Node]:
    """Return what ``versions`` has for each of some tabs as one inline node; alone, where it is the same.

    ``names`` are the names of the tabs.
    """
    equal: dict[str, tuple[list[str], Sequence[nodes.Node]]] = {}
    for tabs, content in versions:
        looks = "".join(node.pformat() for node in content)
        equal.setdefault(looks, ([], content))[0].extend(tabs)
    versions = list(equal.values())
    if len(versions) == 1:
        return list(versions[0][1])
    whole = nodes.inline("", classes=["tabbook-variants"])
    for number, (tabs, content) in enumerate(versions, 1):
        title = ", ".join(names[tab] for tab in tabs)
        label = f" ({title}){', ' if number < len(versions) else ''}"
        one = nodes.inline("", "", *content, classes=["tabbook-variant"])
        one += nodes.inline(label, label, classes=["tabbook-variant-name"])
        for node in (whole, one):
            node["classes"] += [f"tabbook-for-{tab}" for tab in tabs]
        whole += one
    return [whole]
