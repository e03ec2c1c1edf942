"""What readers must know before the page: stand-in data, code that failed or was not executed."""

from collections.abc import Callable, Iterable, Mapping

from tabbook.config import BookSettings
from tabbook.language import translator
from tabbook.merge.failures import Failed
from tabbook.model import Result, Section


def notices_of(
    section: Section,
    results: Mapping[str, Result | None],
    failures: Mapping[str, Failed],
    settings: BookSettings,
) -> str:
    """Return what readers must know before the page, as Markdown; empty if nothing."""
    _, notices = translator(settings.language), []
    stand_ins: dict[str, list[str]] = {}
    for tab in section.tabs:
        result = results.get(tab)
        for name in result.stand_ins if result else ():
            stand_ins.setdefault(name, []).append(settings.tabs[tab].name)
    if stand_ins:
        missing = "; ".join(f"`{name}` ({', '.join(names)})" for name, names in sorted(stand_ins.items()))
        words = stand_in_notice(missing, settings.language)
        notices.append(f"```{{warning}}\n:class: tabbook-stand-in\n{words}\n```")
    if any(results.get(tab) for tab in section.tabs):
        return "\n\n".join(notices)
    if failures:
        names = {tab: settings.tabs[tab].name for tab in section.tabs}
        others = [tab for tab in names if tab not in failures]
        words = _failure_notice(names, failures, others, settings.language)
        notices.append(f"```{{warning}}\n:class: tabbook-failed\n{words}\n```")
    elif section.code_cells:
        notices.append(f"```{{note}}\n:class: tabbook-not-executed\n{_not_executed(section, _)}\n```")
    return "\n\n".join(notices)


def stand_in_notice(files: str, language: str) -> str:
    """Return the sentence for the top of a page whose outputs were made without ``files``."""
    _ = translator(language)
    return _(
        "This page was made with stand-in data, because these files were not available: {files}. "
        "The outputs below are not those of the book."
    ).format(files=files)


def _not_executed(section: Section, _: Callable[[str], str]) -> str:
    """Return the sentence for a page whose code has not been executed; its jobs may need GPUs."""
    count = section.settings.gpus
    if count > 1:
        text = _(
            "The code of this page has not been executed, since it needs {count} GPUs: "
            "its outputs are missing."
        )
        return text.format(count=count)
    if count:
        return _(
            "The code of this page has not been executed, since it needs a GPU: its outputs are missing."
        )
    return _("The code of this page has not been executed: its outputs are missing.")


def _failure_notice(
    names: Mapping[str, str], failures: Iterable[str], others: Iterable[str], language: str
) -> str:
    """Return the sentence for the top of a page without outputs whose code failed.

    ``names`` has the name of each tab, ``others`` are the tabs that were not executed at all.
    """
    _ = translator(language)
    failed, missing = (_listed([names[tab] for tab in tabs], _) for tabs in (failures, others))
    if not missing:
        text = _("The code of this page failed in {failed}: the cells below say where and why.")
    else:
        text = _(
            "The code of this page failed in {failed}: the cells below say where and why. "
            "It has not been executed in {missing}."
        )
    return text.format(failed=failed, missing=missing)


def _listed(names: list[str], _: Callable[[str], str]) -> str:
    """Return names as a list in words."""
    if len(names) < 2:
        return "".join(names)
    return _("{first} and {last}").format(first=_(", ").join(names[:-1]), last=names[-1])
