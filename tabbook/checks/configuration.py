"""Misspelt keys of Jupyter Book's in ``_config.yml``, which it ignores silently.

The keys below ``sphinx.config`` are Sphinx's, its extensions' and ours: they check these themselves.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tabbook.config import CONFIG_FILE
from tabbook.errors import Fault, nearest, suggestion
from tabbook.yaml_text import find_line, load_yaml

ANY: dict[str, Any] = {}
"""Marks what is not checked: a value, or keys that belong to another program."""
KEYS: dict[str, Any] = {
    **dict.fromkeys(
        [
            "title", "author", "copyright", "logo", "project", "exclude_patterns", "only_build_toc_files",
            "bibtex_bibfiles", "bibtex_reference_style",
        ],
        ANY,
    ),
    "execute": dict.fromkeys(
        [
            "execute_notebooks", "cache", "exclude_patterns", "timeout", "run_in_temp", "allow_errors",
            "stderr_output", "raise_on_error", "show_tb", "eval_regex",
        ],
        ANY,
    ),
    "parse": dict.fromkeys(
        [
            "myst_enable_extensions", "myst_url_schemes", "myst_substitutions", "myst_dmath_double_inline",
            "myst_extended_syntax",
        ],
        ANY,
    ),
    "html": {
        **dict.fromkeys(
            [
                "favicon", "use_edit_page_button", "use_repository_button", "use_issues_button",
                "use_multitoc_numbering", "extra_footer", "navbar_footer_text", "home_page_in_navbar",
                "baseurl", "announcement", "google_analytics_id",
            ],
            ANY,
        ),
        "comments": dict.fromkeys(["hypothesis", "utterances", "dokieli"], ANY),
        "analytics": dict.fromkeys(
            ["plausible_analytics_domain", "plausible_analytics_url", "google_analytics_id"], ANY
        ),
    },
    "latex": dict.fromkeys(["latex_engine", "use_jupyterbook_latex", "latex_documents"], ANY),
    "launch_buttons": dict.fromkeys(
        [
            "notebook_interface", "binderhub_url", "jupyterhub_url", "thebe", "colab_url", "deepnote_url",
            "jupyterlite_url", "jupyterlite_ext",
        ],
        ANY,
    ),
    "repository": dict.fromkeys(["url", "path_to_book", "branch"], ANY),
    "sphinx": dict.fromkeys(["extra_extensions", "local_extensions", "recursive_update", "config"], ANY),
}  # fmt: skip
"""Every key that Jupyter Book 1 reads, by level."""


def check_configuration(text: str) -> list[Fault]:
    """Return the keys in the text of ``_config.yml`` that Jupyter Book does not know."""
    data = load_yaml(text)
    return [
        Fault(CONFIG_FILE, find_line(text, path), f"{'.'.join(path)}: unknown key", _hint(path[-1], known))
        for path, known in _unknown(data, KEYS, ())
    ]


def _unknown(
    data: Any, known: Mapping[str, Any], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any]]]:
    """Yield the unknown keys, each as a path, with the keys that are known there."""
    if not isinstance(data, dict) or not known:
        return
    for key, value in data.items():
        path = (*above, str(key))
        if str(key) in known:
            yield from _unknown(value, known[str(key)], path)
        elif not str(key).startswith(("x-", "_")):  # where authors keep what YAML's anchors name
            yield path, known


def _hint(key: str, known: Mapping[str, Any]) -> str:
    return suggestion(nearest(key, known), "remove it: Jupyter Book has no such key here")
