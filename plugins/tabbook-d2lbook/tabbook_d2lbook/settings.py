"""The files that make a Jupyter Book project of the pages: configuration, contents, requirements."""

import ast
import json
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from typing import Any

import yaml

from tabbook.importers.project import SPHINX
from tabbook.importers.report import Findings
from tabbook_d2lbook.aliases import Names
from tabbook_d2lbook.bibliography import Bibliography
from tabbook_d2lbook.frameworks import DISTRIBUTIONS, REQUIREMENTS, SETTINGS, framework_name
from tabbook_d2lbook.library import library_place
from tabbook_d2lbook.project import CONFIG, Project
from tabbook_d2lbook.source import safe_path

_ALWAYS = ["ipykernel", "matplotlib", "matplotlib-inline"]
_CARRIED = re.compile(
    r"numfig(_format|_secnum_depth)?|math_number(_all)?|math_numfig|mathjax3_config|suppress_warnings"
    r"|linkcheck_\w+|intersphinx_mapping|nitpicky|nitpick_ignore\w*|smartquotes\w*|highlight_language"
    r"|pygments_style|rst_(prolog|epilog)|today(_fmt)?|autodoc_\w+|autoclass_content|bibtex_default_style"
)
"""Sphinx's options that do the same whatever the format of the pages."""
_COMMENTS = {
    "      navbar_persistent: []": "or else an empty bar with a second search field",
    "      allow_undefined: true": "as d2lbook; without this line, tabbook lib names what is not saved",
}
"""What a line of the written configuration is for, where it does not say so itself."""
_KINDS = {"numfig_format": dict, "suppress_warnings": list, "mathjax3_config": dict}
_LANGUAGES = {"zh": "zh_CN", "zh_HANS": "zh_CN", "zh_HANT": "zh_TW", "cn": "zh_CN", "pt": "pt_BR"}


def config_text(
    project: Project,
    names: Names,
    preambles: Mapping[str, str],
    bibliography: Bibliography,
    findings: Findings,
    *,
    has_orphans: bool,
    has_autodoc: bool,
    title: str,
    excluded: Sequence[str],
) -> str:
    """Return the text of ``_config.yml``; files that are ``excluded`` are no pages."""
    author = project.value("project", "author")
    rights = project.value("project", "copyright")
    data: dict[str, Any] = {"title": project.value("project", "title") or title}
    data["author"] = author or "The contributors"
    if rights:
        data["copyright"] = rights
    logo, favicon = _asset(project, "html_logo", findings), _asset(project, "favicon", findings)
    if logo:
        data["logo"] = logo
    data["only_build_toc_files"] = not has_orphans
    data["exclude_patterns"] = ["_build/**", ".tabbook/**", "requirements/**", *excluded]
    data["execute"] = {"execute_notebooks": "off"}
    data["html"] = {"use_multitoc_numbering": False}
    if favicon:
        data["html"]["favicon"] = favicon
    if bibliography.files:
        data["bibtex_bibfiles"] = [safe_path(path) for path in bibliography.files]
    extensions = ["tabbook.render", *(["tabbook.render.api"] if has_autodoc else [])]
    # These options of the theme are added to Jupyter Book's.
    data["sphinx"] = {
        "recursive_update": True,
        "extra_extensions": extensions,
        "config": _sphinx(project, names, preambles, bibliography, findings),
    }
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
    for line, comment in _COMMENTS.items():
        text = text.replace(f"{line}\n", f"{line} # {comment}\n", 1)
    return "# Made by tabbook import d2lbook from a config.ini.\n" + text


def _asset(project: Project, key: str, findings: Findings) -> str:
    path = project.value("html", key).removeprefix("./")
    if path and path not in project.files:
        findings.fault(CONFIG, 0, "file", f"the {key} {path} is missing", "the book has none")
        return ""
    return path


def _sphinx(
    project: Project,
    names: Names,
    preambles: Mapping[str, str],
    bibliography: Bibliography,
    findings: Findings,
) -> dict[str, Any]:
    config: dict[str, Any] = {**SPHINX, "language": language(project)}
    carried = _carried_over(project, findings)
    # d2lbook hides this one, too: a listing that Pygments cannot read is shown without colours.
    suppressed = ["misc.highlighting_failure", *carried.pop("suppress_warnings", ())]
    if bibliography.repeats:  # a work in the lists of several pages, as the source has it
        suppressed += ["bibtex.duplicate_citation", "bibtex.duplicate_label"]
    config |= {**carried, "suppress_warnings": list(dict.fromkeys(suppressed))}
    if bibliography.files:
        config["bibtex_reference_style"] = "author_year"
    links = _links(project, findings)
    config["html_theme_options"] = {**({"icon_links": links} if links else {}), "navbar_persistent": []}
    packages = {library_place(project, tab)[0] for tab in project.tabs}
    if len(packages) > 1:
        findings.note(
            CONFIG, 0, "library", f"several packages: {', '.join(sorted(packages))}", "the first is taken"
        )
    package = library_place(project, project.tabs[0])[0]
    library = {"path": "d2l_lib", "package": package, "allow_undefined": True}
    if project.dialect == "d2lbook":  # where each class has both of two methods of one name
        library["keep_overridden"] = True
    config["tabbook"] = {
        "tabs": {tab: _tab(project, tab, preambles) for tab in project.tabs},
        "library": library,
        **({"names": {name: dict(ways) for name, ways in sorted(names.ways.items())}} if names.ways else {}),
    }
    return config


def preamble_path(project: Project, tab: str) -> str:
    """Return where the hand-written part of a tab's library goes."""
    return f"library/{library_place(project, tab)[1]}.py"


def _tab(project: Project, tab: str, preambles: Mapping[str, str]) -> dict[str, Any]:
    about: dict[str, Any] = {
        "name": framework_name(tab),
        "module": library_place(project, tab)[1],
        "requirements": f"requirements/{tab}.txt",
    }
    if tab in preambles:
        about["preamble"] = preamble_path(project, tab)
    about |= deepcopy(dict(SETTINGS.get(tab, {})))  # or YAML would write two of the same as an alias
    about.setdefault("distribution", DISTRIBUTIONS.get(about["module"], about["module"]))
    return {key: value for key, value in about.items() if (key, value) != ("distribution", about["module"])}


def _carried_over(project: Project, findings: Findings) -> dict[str, Any]:
    """Return those of the project's Sphinx options that mean the same here."""
    if extensions := project.value("build", "sphinx_extensions").split():
        message = f"sphinx_extensions: {', '.join(extensions)}"
        hint = "not carried over: add what the pages need to extra_extensions"
        findings.note(CONFIG, 0, "configuration", message, hint)
    text = project.value("build", "sphinx_configs")
    if not text:
        return {}
    try:
        body = ast.parse("\n".join(line.strip() for line in text.split("\n"))).body
    except SyntaxError:
        findings.note(CONFIG, 0, "configuration", "sphinx_configs: cannot be read", "not carried over")
        return {}
    found: dict[str, Any] = {}
    others: list[str] = []
    for node in body:
        is_named = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        name = node.targets[0].id if is_named else "?"  # type: ignore[attr-defined]
        value = _literal(node) if _CARRIED.fullmatch(name) else None
        if value is None or (name in _KINDS and not isinstance(value, _KINDS[name])):
            others.append(name)
        else:
            found[name] = value
    if others:
        message = f"sphinx_configs: {', '.join(others)}"
        findings.note(CONFIG, 0, "configuration", message, "not carried over")
    return found


def _literal(node: ast.stmt) -> Any:
    """Return the value that an assignment gives, if it is a literal that YAML can hold; None if not."""
    try:
        value = ast.literal_eval(node.value)  # type: ignore[attr-defined]
        return json.loads(json.dumps(value))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _links(project: Project, findings: Findings) -> list[dict[str, str]]:
    """Return the links of the page's head: name, address and icon, three by three."""
    items = [item.strip() for item in project.value("html", "header_links").replace("\n", " ").split(",")]
    while items and not items[-1]:  # behind a comma that ends the list
        items.pop()
    links = []
    for name, url, icon in zip(items[::3], items[1::3], items[2::3], strict=False):
        if url.startswith(("http://", "https://")) and not name.startswith("#"):
            links.append({"name": name, "url": url, "icon": icon})
        elif name:
            message = f"header_links: {name} leads to {url!r}, which is not an address"
            findings.note(CONFIG, 0, "configuration", message, "not carried over")
    if len(items) % 3:
        message = "header_links: not every link has a name, an address and an icon"
        findings.note(CONFIG, 0, "configuration", message, "separate them with commas")
    return links


def _setup_requirements(project: Project, findings: Findings) -> list[str]:
    """Return what the source's ``setup.py`` asks for."""
    data = project.read("setup.py")
    if data is None:
        return []
    try:
        tree = ast.parse(data)
    except SyntaxError as error:
        findings.fault("setup.py", error.lineno or 0, "python", f"not valid Python: {error.msg}")
        return []
    found: list[str] = []
    names = ("requirements", "install_requires", "requires")
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets = [t.id.lower() for t in node.targets if isinstance(t, ast.Name)]
        elif isinstance(node, ast.keyword):
            targets = [node.arg or ""]
        else:
            continue
        if set(targets) & set(names) and isinstance(node.value, ast.List):
            values = (e.value for e in node.value.elts if isinstance(e, ast.Constant))
            found += [value for value in values if isinstance(value, str)]
    return list(dict.fromkeys(found))


def _colab_requirements(project: Project, tab: str) -> list[str]:
    """Return the packages that the source installs for a tab elsewhere."""
    found = []
    for line in project.value("colab", "libs").splitlines():
        parts = [part.strip() for part in line.split("#")[0].split(",", 2)]
        if len(parts) < 3 or parts[0] != tab or parts[1] == "d2l":
            continue
        words = [
            w for w in parts[2].split() if not w.startswith("-") and "+" not in w and not w.startswith(".")
        ]
        found += [word for word in words if not word.startswith(("mxnet-cu", "d2l"))]
    return found


def requirements_text(
    project: Project, tab: str, imported: Collection[str], named: Sequence[str], findings: Findings
) -> str:
    """Return the requirements of a tab's environment that the source names."""
    package = library_place(project, tab)[0]
    # These are the tabs' own: a cell that tries another framework does not ask for it.
    frameworks = {"mxnet", "torch", "torchvision", "tensorflow", "jax", "flax", "optax", "paddle"}
    wanted = [*REQUIREMENTS.get(tab, []), *_colab_requirements(project, tab), *named]
    wanted += _setup_requirements(project, Findings())
    for module in sorted(imported):
        if (
            module not in sys.stdlib_module_names
            and module not in frameworks
            and module not in (package, "d2lbook")
        ):
            wanted.append(DISTRIBUTIONS.get(module, module))
    wanted += _ALWAYS
    kept: dict[str, str] = {}
    for requirement in wanted:
        name = re.split(r"[\[<>=!~; ]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-")
        if name in ("d2l", "d2lbook", "jupyter", "") or (tab == "mxnet" and name == "numpy" and name in kept):
            continue
        kept.setdefault(name, requirement.strip())
    if tab == project.tabs[0]:
        _setup_requirements(project, findings)  # its faults, once
    head = f"# What the {framework_name(tab)} kernel needs, according to the source: pin it.\n"
    return head + "".join(f"{kept[name]}\n" for name in sorted(kept))


def language(project: Project) -> str:
    """Return the language of the book, as Sphinx calls it."""
    lang = (project.value("project", "lang") or project.language).replace("-", "_")
    first, _, region = lang.partition("_")
    lang = f"{first.lower()}_{region.upper()}" if region else first.lower()
    return _LANGUAGES.get(lang, lang) or "en"
