"""What readers must know before the page: stand-in data, code that failed or was not executed."""

from collections.abc import Iterable, Mapping

from tabbook.config import BookSettings
from tabbook.merge.failures import Failed
from tabbook.model import Result, Section


def notices_of(
    section: Section,
    results: Mapping[str, Result | None],
    failures: Mapping[str, Failed],
    settings: BookSettings,
) -> str:
    """Return what readers must know before the page, as Markdown; empty if nothing."""
    notices = []
    stand_ins: dict[str, list[str]] = {}
    for tab in section.tabs:
        result = results.get(tab)
        for name in result.stand_ins if result else ():
            stand_ins.setdefault(name, []).append(settings.tabs[tab].name)
    if stand_ins:
        missing = "; ".join(f"`{name}` ({', '.join(names)})" for name, names in sorted(stand_ins.items()))
        notices.append(
            "```{warning}\n:class: tabbook-stand-in\n"
            f"This page was made with stand-in data, because these files could not be had: {missing}. "
            "The outputs below are not those of the book.\n```"
        )
    if any(results.get(tab) for tab in section.tabs):
        return "\n\n".join(notices)
    if failures:
        names = {tab: settings.tabs[tab].name for tab in section.tabs}
        words = _failure_notice(names, failures, [tab for tab in names if tab not in failures])
        notices.append(f"```{{warning}}\n:class: tabbook-failed\n{words}\n```")
    elif section.code_cells:
        why = f", since it needs {needs}" if (needs := _gpus(section)) else ""
        notices.append(
            "```{note}\n:class: tabbook-not-executed\n"
            "The code of this page has not been executed"
            f"{why}: its outputs are missing.\n```"
        )
    return "\n\n".join(notices)


def _gpus(section: Section) -> str:
    """Return in words how many GPUs the jobs of ``section`` need; nothing, if none."""
    count = section.settings.gpus
    return f"{count} GPUs" if count > 1 else "a GPU" * count


def _failure_notice(names: Mapping[str, str], failures: Iterable[str], others: Iterable[str]) -> str:
    """Return the sentence for the top of a page without outputs whose code failed.

    ``names`` has the name of each tab, ``others`` are the tabs that were not executed at all.
    """
    failed = _listed([names[tab] for tab in failures])
    missing = [names[tab] for tab in others]
    rest = f" It has not been executed in {_listed(missing)}." if missing else ""
    return f"The code of this page failed in {failed}: the cells below say where and why.{rest}"


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
