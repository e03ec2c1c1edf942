"""Exported notebooks as readers open them, in a real JupyterLab."""

import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from export_helpers import construct_book, exported
from test_export_same import markdown_text

from tabbook.export.write import write_all

LAB = Path(__file__).parents[2] / ".tabbook" / "lab" / "bin" / "python"
FIND = """() => {
    const pages = [...document.querySelectorAll('.jp-RenderedMarkdown')]
    const texts = pages.map(page => {
        const copy = page.cloneNode(true)
        copy.querySelectorAll('mjx-container, pre, code').forEach(node => node.remove())
        return copy.textContent
    })
    const pictures = [...document.querySelectorAll('.jp-RenderedMarkdown img')]
    return {
        text: texts.join('\\n'),
        formulas: document.querySelectorAll('.jp-RenderedMarkdown mjx-container').length,
        wrong: document.querySelectorAll('mjx-merror, [data-mjx-error]').length,
        pictures: pictures.length,
        broken: pictures.filter(picture => !picture.naturalWidth).map(picture => picture.src),
    }
}"""


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    book = construct_book(folder / "book")
    write_all(folder / "notebooks", exported(book, "ipynb", book.sections, ("jax",)).files)
    write_all(folder / "markdown", exported(book, "markdown", book.find(("all",)), ("jax",)).files)
    return folder


@pytest.fixture(scope="module")
def lab(notebooks: Path) -> Iterator[str]:
    """The address of JupyterLab, which shows the notebooks."""
    if not LAB.exists():
        pytest.skip("JupyterLab's environment is not there: make .tabbook/lab.stamp")
    settings = {name: str(notebooks / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    options = ("--no-browser", "--allow-root", "--ServerApp.token=", "--ServerApp.password=")
    port = "--ServerApp.port=0"
    command = [LAB, "-m", "jupyterlab", *options, port, "--LabApp.news_url="]
    log = notebooks / "lab.log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            command, cwd=notebooks / "notebooks", env=os.environ | settings, stdout=output, stderr=output
        ) as server,
    ):
        try:
            yield address_in(log, server)
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:  # it waits for a kernel, which ends with it
                server.kill()


def address_in(log: Path, server: "subprocess.Popen[bytes]") -> str:
    """Return the address that the server has told, when it answers there."""
    while server.poll() is None:
        found = [word for word in log.read_text().split() if word.startswith("http://127.0.0.1:")]
        for address in found[:1]:
            try:
                urllib.request.urlopen(f"{address.split('/lab')[0]}/api", timeout=10).close()
            except (urllib.error.URLError, OSError):
                break
            return address.split("/lab")[0]
        time.sleep(0.2)
    pytest.fail(log.read_text())


def test_text_formulas_and_pictures_show(notebooks: Path, lab: str, browser: Any) -> None:
    """Formulas had the marks of quotations in them, money became formulas, SVG was a broken icon."""
    _, formulas, pictures = markdown_text((notebooks / "markdown/jax/all.md").read_text())
    page = browser.new_page()
    page.goto(f"{lab}/lab/tree/jax/all.ipynb?reset", timeout=120_000)
    page.wait_for_function(
        f"document.querySelectorAll('.jp-RenderedMarkdown mjx-container').length >= {formulas.total()}",
        timeout=120_000,
    )
    found = page.evaluate(FIND)
    page.close()
    assert (found["formulas"], found["wrong"]) == (formulas.total(), 0)
    assert (found["pictures"], found["broken"]) == (pictures, [])
    assert "Between $5 and $6 there is" in found["text"] and "It is $7 alone." in found["text"]
    assert ">" not in found["text"]
