"""For programs that build with Sphinx alone, such as sphinx-build: the settings are in _config.yml."""

from pathlib import Path

from tabbook.sphinx_config import sphinx_config

globals().update(sphinx_config(Path(__file__).parent))
