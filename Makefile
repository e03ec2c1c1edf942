# The two commands: make book, make test. Everything here can be run without make, see README.md.
# The builder runs on Python 3.11 to 3.13. Each is asked: a command of pyenv's may be there and not run.
FITS := import sys, ensurepip; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/3.1[123].*/bin/python; do \
  if "$$python" -c '$(FITS)' >/dev/null 2>&1; then command -v "$$python"; break; fi; done)
BIN := .venv/bin
# The frameworks of the book, as _config.yml names them. It is asked where a recipe needs them, and only
# then: a clean checkout has no tabbook yet.
TABS = $(shell $(BIN)/tabbook env list)
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
CODE := tabbook plugins tests benchmarks data docs figures
# What is read: codespell's settings are in pyproject.toml.
TEXT := $(CODE) $(wildcard *.md *.in *.toml *.yml *.py) chapters references.bib requirements .github Makefile

.PHONY: book test test-tabbook test-d2l test-chapters test-agreement test-site test-exports test-faults test-newest agreement known-code lib kernels serve lint links figures settings budget coverage catalogs lock clean distclean

## Make the environments, generate the library, execute what changed, build the site. A framework
## whose environment cannot be made is left out: the build says so in the end, with status 1.
book: .venv/book.stamp
	@$(BIN)/tabbook env make || true
	$(BIN)/tabbook build

## The tests of the toolchain, of the library in every framework, and of the site in a browser.
test: test-tabbook test-d2l test-agreement test-chapters test-site

test-tabbook: .venv/test.stamp
	$(BIN)/python -m pytest $(TOOLCHAIN)

## The same tests, and that they cover 90 % of the toolchain's branches; takes longer.
coverage: .venv/test.stamp
	$(BIN)/python -m pytest $(TOOLCHAIN) --cov=tabbook $(addprefix --cov=,$(subst -,_,$(notdir $(PLUGINS)))) --cov-branch --cov-report=term:skip-covered --cov-fail-under=90

# On all cores, each file on one of them: its tests share what is costly to make.
TOOLCHAIN := tests/tabbook tests/faults tests/project plugins -n auto --dist loadfile

test-d2l: .venv/book.stamp
	$(MAKE) $(TABS:%=test-d2l-%)

# FORCE, as a pattern cannot be phony.
test-d2l-%: .venv/book.stamp FORCE
	$(BIN)/tabbook env make --tab $*
	OMP_NUM_THREADS=1 PYTHONPATH=d2l_lib .tabbook/environments/$*/bin/python -m pytest tests/d2l --tab $*

# That the frameworks agree with each other and with NumPy.
test-agreement: .venv/test.stamp
	$(BIN)/tabbook env make
	$(BIN)/python -m pytest tests/agreement

# That code which others wrote for this library runs on it; skipped without ../shared/real-chapters.
test-chapters: .venv/test.stamp
	$(BIN)/tabbook env make
	$(BIN)/python -m pytest tests/known_code

test-site: .venv/test.stamp .tabbook/lab.stamp
	$(BIN)/python -m pytest tests/site

FORCE:

## Run every exported notebook in a fresh environment; takes as long as executing the book.
test-exports: .venv/test.stamp
	TABBOOK_EXPORTS="$(TABS)" $(BIN)/python -m pytest tests/tabbook/export/test_export_run.py

## The site without Jupyter Book, under the newest Sphinx: the pages of the book, beside those of make book,
## and what the extension does.
test-newest: .venv/test.stamp .tabbook/newest.stamp
	$(BIN)/python -m pytest tests/site/test_newest.py
	.tabbook/newest/bin/python -m pytest -p no:cacheprovider $(NEWEST)

# Those of the tests that ask most of Sphinx.
NEWEST := tests/tabbook/render/test_render.py tests/tabbook/render/test_render_names.py \
  tests/tabbook/test_sphinx_config.py \
  tests/tabbook/export/test_export_books.py::test_an_epub_has_the_pictures_of_its_pages

## The faults that a run survives, at full length: a hundred kills, a gigabyte of output.
KILLS ?= 100
test-faults: .venv/test.stamp
	TABBOOK_KILLS=$(KILLS) TABBOOK_FLOOD=1000 $(BIN)/python -m pytest tests/faults

## Write the tables of the page about agreement again, after a new case or a new version of a framework.
agreement: .venv/test.stamp
	$(BIN)/tabbook env make
	$(BIN)/python tests/agreement/table.py

## Write the tables of the page about code that others wrote again, after a change of what runs.
known-code: .venv/test.stamp
	$(BIN)/tabbook env make
	$(BIN)/python tests/known_code/known_tables.py

## Generate the library alone.
lib: .venv/book.stamp
	$(BIN)/tabbook lib

## Register the frameworks as Jupyter kernels.
kernels: .venv/book.stamp
	$(BIN)/tabbook env make
	$(BIN)/tabbook env kernels

## Show the built site at http://localhost:8000.
serve: .venv/book.stamp
	$(BIN)/tabbook serve

## Style, types and spelling, as CI checks them.
lint: .venv/test.stamp
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/mypy
	$(BIN)/codespell $(TEXT)

## Ask every address that the book links to whether it is there; needs the network.
links: .venv/book.stamp
	$(BIN)/sphinx-build -q -b linkcheck . _build/linkcheck

## Draw the figures again, after an edit of a script in figures/.
figures: .venv/test.stamp
	$(BIN)/python -m figures

## Write docs/settings.md again, after an edit of a setting or its docstring.
settings: .venv/book.stamp
	$(BIN)/python docs/make_settings.py

## Write docs/budget.md again, how long each section trains, from the stored outputs.
budget: .venv/book.stamp
	$(BIN)/python docs/make_budget.py

## Compile the translations of tabbook/locale, after an edit of a tabbook.po.
catalogs: .venv/book.stamp
	$(BIN)/pybabel compile -d tabbook/locale -D tabbook

## Pin again what the *.in files ask for.
lock: .venv/book.stamp
	$(BIN)/uv pip compile -q --upgrade --python-version 3.11 --no-header requirements.in -o requirements.txt
	cd requirements && ../$(BIN)/uv pip compile -q --upgrade --python-version 3.11 --no-header test.in -o test.txt
	cd requirements && ../$(BIN)/uv pip compile -q --upgrade --python-version 3.11 --no-header lab.in -o lab.txt
	cd requirements && ../$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --no-header ../pyproject.toml --extra render --extra export newest.in -o newest.txt
	cd requirements && for tab in $(TABS); do \
	  ../$(BIN)/uv pip compile -q --upgrade --python-version 3.11 --no-header --no-emit-find-links $$tab.in | sed 's/+cpu//' > $$tab.new \
	  && mv $$tab.new $$tab.txt || exit 1; done

## Remove the site; distclean also the environments and the outputs.
clean:
	rm -rf _build

distclean: clean
	rm -rf .venv .tabbook

.venv/uv.stamp: requirements.txt
	@$(or $(PYTHON),false) -c '$(FITS)' || { echo >&2 "make: Python 3.11, 3.12 or 3.13 with venv is needed, and $(or $(PYTHON),what is on PATH and among pyenv's versions) is not it; install one, or name one: make book PYTHON=/path/to/python3.12"; exit 1; }
	$(BIN)/python -c '$(FITS)' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.txt)"
	touch $@

.venv/book.stamp: .venv/uv.stamp requirements.txt pyproject.toml $(PLUGINS:%=%/pyproject.toml)
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable . $(PLUGINS:%=--editable %)
	touch $@

.venv/test.stamp: .venv/book.stamp requirements/test.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements/test.txt
	touch $@

# JupyterLab has an environment of its own: what it brings makes the builder slow to start.
.tabbook/lab.stamp: .venv/uv.stamp requirements/lab.txt
	mkdir -p .tabbook
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python .tabbook/lab
	$(BIN)/uv pip install --quiet --python .tabbook/lab/bin/python -r requirements/lab.txt
	touch $@

# The newest Sphinx needs the newest Python, of those that are here.
NEWEST_PYTHON := import os; from tabbook.pythons import find; \
  print(next(filter(None, (find(version, os.environ) for version in ("3.13", "3.12", "3.11")))))

.tabbook/newest.stamp: .venv/book.stamp requirements/newest.txt
	$(BIN)/uv venv --quiet --clear --python "$$(UV_PYTHON_DOWNLOADS=never $(BIN)/python -c '$(NEWEST_PYTHON)')" .tabbook/newest
	$(BIN)/uv pip install --quiet --python .tabbook/newest/bin/python -r requirements/newest.txt
	$(BIN)/uv pip install --quiet --python .tabbook/newest/bin/python --no-deps --editable .
	touch $@
