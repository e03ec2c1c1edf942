"""The files that make a Jupyter Book project of the pages: configuration, contents, requirements."""

import ast
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import yaml

from tabbook.importers.d2lbook.aliases import Names
from tabbook.importers.d2lbook.bibliography import Bibliography
from tabbook.importers.d2lbook.library import library_place
from tabbook.importers.d2lbook.project import CONFIG, Project
from tabbook.importers.d2lbook.source import safe_path
from tabbook.importers.report import Findings

_TITLES = {
    "mxnet": "MXNet",
    "pytorch": "PyTorch",
    "tensorflow": "TensorFlow",
    "jax": "JAX",
    "paddle": "PaddlePaddle",
    "python": "Python",
}
_FRAMEWORKS = {
    "mxnet": ["mxnet==1.9.1", "numpy==1.23.5"],
    "pytorch": ["torch", "torchvision"],
    "tensorflow": ["tensorflow"],
    "jax": ["jax", "flax", "optax"],
    "paddle": ["paddlepaddle"],
}
_ALWAYS = ["ipykernel", "matplotlib", "matplotlib-inline"]
_DISTRIBUTIONS = {
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "cv2": "opencv-python",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
    "syne_tune": "syne-tune",
    "paddle": "paddlepaddle",
    "IPython": "ipython",
    "tensorflow_datasets": "tensorflow-datasets",
    "tensorflow_probability": "tensorflow-probability",
}
_IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<one>[A-Za-z_]\w*)[\w.]*[ \t]+import|import[ \t]+(?P<many>[A-Za-z_][\w., \t]*))",
    re.MULTILINE,
)
_LANGUAGES = {"zh": "zh_CN", "pt": "pt_BR"}
EXTENSIONS = ["colon_fence", "dollarmath", "html_image"]


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
) -> str:
    """Return the text of ``_config.yml``."""
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
    data["exclude_patterns"] = ["_build/**", ".tabbook/**", "requirements/**"]
    data["execute"] = {"execute_notebooks": "off"}
    data["html"] = {"use_multitoc_numbering": False}
    if favicon:
        data["html"]["favicon"] = favicon
    if bibliography.files:
        data["bibtex_bibfiles"] = [safe_path(path) for path in bibliography.files]
    extensions = ["tabbook.render", *(["tabbook.render.api"] if has_autodoc else [])]
    # What the theme is told here adds to what Jupyter Book tells it.
    data["sphinx"] = {
        "recursive_update": True,
        "extra_extensions": extensions,
        "config": _sphinx(project, names, preambles, bibliography, findings),
    }
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=100)
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
    lang = project.value("project", "lang") or project.language
    config: dict[str, Any] = {
        "nb_custom_formats": {".md": ["tabbook.render.read_page", {}, False]},
        "myst_enable_extensions": EXTENSIONS,
        "numfig_secnum_depth": 2,
        "math_number_all": True,
        "language": _LANGUAGES.get(lang, lang) or "en",
    }
    formats = _number_formats(project, findings)
    if formats:
        config["numfig_format"] = formats
    if bibliography.files:
        config["bibtex_reference_style"] = "author_year"
    if bibliography.repeats:
        # A work in the lists of several pages, as the source has it.
        config["suppress_warnings"] = ["bibtex.duplicate_citation", "bibtex.duplicate_label"]
    links = _links(project)
    if links:
        config["html_theme_options"] = {"icon_links": links}
    if project.value("library", "save_mark") or project.value("library", "save_patterns"):
        message = "library: save_mark and save_patterns of older editions"
        findings.note(CONFIG, 0, "configuration", message, "not carried over: mark with #@save what is saved")
    packages = {library_place(project, tab)[0] for tab in project.tabs}
    if len(packages) > 1:
        findings.note(
            CONFIG, 0, "library", f"several packages: {', '.join(sorted(packages))}", "the first is taken"
        )
    package = library_place(project, project.tabs[0])[0]
    config["tabbook"] = {
        "tabs": {tab: _tab(project, tab, preambles) for tab in project.tabs},
        "library": {"path": "d2l_lib", "package": package, "keep_overridden": True, "allow_undefined": True},
        **({"names": {name: dict(ways) for name, ways in sorted(names.ways.items())}} if names.ways else {}),
    }
    return config


def preamble_path(project: Project, tab: str) -> str:
    """Return where the hand-written part of a tab's library goes."""
    return f"library/{library_place(project, tab)[1]}.py"


def _tab(project: Project, tab: str, preambles: Mapping[str, str]) -> dict[str, str]:
    about = {
        "name": _TITLES.get(tab, tab[0].upper() + tab[1:]),
        "module": library_place(project, tab)[1],
        "requirements": f"requirements/{tab}.txt",
    }
    if tab in preambles:
        about["preamble"] = preamble_path(project, tab)
    return about


def _number_formats(project: Project, findings: Findings) -> dict[str, str]:
    """Return Sphinx's ``numfig_format``, which a translation sets among its Sphinx options."""
    text = project.value("build", "sphinx_configs")
    if not text:
        return {}
    try:
        body = ast.parse("\n".join(line.strip() for line in text.split("\n"))).body
    except SyntaxError:
        body = []
    found: dict[str, str] = {}
    others = []
    for node in body:
        name = (
            node.targets[0].id
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            else ""
        )
        if name == "numfig_format" and isinstance(node, ast.Assign):
            try:
                found = {str(key): str(value) for key, value in ast.literal_eval(node.value).items()}
            except (ValueError, AttributeError):
                others.append(name)
        else:
            others.append(name or "?")
    if not body or others:
        message = f"sphinx_configs: {', '.join(others) or 'cannot be read'}"
        findings.note(CONFIG, 0, "configuration", message, "not carried over")
    return found


def _links(project: Project) -> list[dict[str, str]]:
    """Return the links of the page's head: name, address and icon, three by three."""
    items = [item.strip() for item in project.value("html", "header_links").replace("\n", " ").split(",")]
    links = []
    for name, url, icon in zip(items[::3], items[1::3], items[2::3], strict=False):
        if url.startswith(("http://", "https://")) and not name.startswith("#"):
            links.append({"name": name, "url": url, "icon": icon})
    return links


def toc_text(data: Mapping[str, Any]) -> str:
    """Return the text of ``_toc.yml``."""
    return yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=100)


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


def imported_modules(sources: Iterable[str]) -> set[str]:
    """Return the modules, by their first name, that cells import."""
    found: set[str] = set()
    for source in sources:
        for match in _IMPORT.finditer(source):
            if match["one"]:
                found.add(match["one"])
            else:
                found |= {part.split()[0].split(".")[0] for part in match["many"].split(",") if part.split()}
    return found


def requirements_text(
    project: Project, tab: str, imported: Collection[str], named: Sequence[str], findings: Findings
) -> str:
    """Return the requirements of a tab's environment, as far as the source tells."""
    package = library_place(project, tab)[0]
    frameworks = {"mxnet", "torch", "torchvision", "tensorflow", "jax", "flax", "optax", "paddle"}
    wanted = [*_FRAMEWORKS.get(tab, []), *_colab_requirements(project, tab), *named]
    wanted += _setup_requirements(project, Findings())
    for module in sorted(imported):
        if (
            module not in sys.stdlib_module_names
            and module not in frameworks
            and module not in (package, "d2lbook")
        ):
            wanted.append(_DISTRIBUTIONS.get(module, module))
    wanted += _ALWAYS
    kept: dict[str, str] = {}
    for requirement in wanted:
        name = re.split(r"[\[<>=!~; ]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-")
        if name in ("d2l", "d2lbook", "jupyter", "") or (tab == "mxnet" and name == "numpy" and name in kept):
            continue
        kept.setdefault(name, requirement.strip())
    if tab == project.tabs[0]:
        _setup_requirements(project, findings)  # its faults, once
    head = f"# What the {_TITLES.get(tab, tab)} kernel needs, as far as the source told: pin it.\n"
    return head + "".join(f"{kept[name]}\n" for name in sorted(kept))


BUILDER = "# What builds the book.\njupyter-book>=1.0.4,<2\ntabbook[render]\n"
IGNORE = "_build/\n.tabbook/\n__pycache__/\n"
