"""The book's own data files: what two places say of them, and what its scripts make."""

import ast
import struct
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from tabbook.book import Book
from tabbook.plan.data import find_all

BOOK = Book.load(Path(__file__).parents[2])


def test_the_loader_knows_the_addresses_of_the_configuration():
    tree = ast.parse(BOOK.library_file("pytorch").read_text(encoding="utf-8"))
    known = {}
    for node in tree.body:
        code = ast.unparse(node)
        if isinstance(node, (ast.Assign, ast.Expr)) and code.startswith("DATA_"):
            exec(code, known)
    assert known["DATA_HUB"].keys() == BOOK.settings.data.keys()
    for name, file in BOOK.settings.data.items():
        origin, sha1 = known["DATA_HUB"][name]
        origins = [origin, *known["DATA_MIRRORS"].get(name, [])]
        assert ([*(file.url or [file.script])], file.sha1) == (origins, sha1)


@pytest.fixture(scope="module")
def garments(tmp_path_factory):
    """The members of the file of garments, made anew: those of one checksum, or the test fails."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("D2L_DATA", raising=False)
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        found = find_all(BOOK.settings.data, ["garments.zip"], fetch=True, root=BOOK.root)
    assert not found.missing
    with zipfile.ZipFile(found.paths["garments.zip"]) as file:
        return {name: file.read(name) for name in file.namelist()}


@pytest.mark.parametrize(("kind", "n"), [("train", 10_000), ("t10k", 2_000)])
def test_garments_are_in_the_format_of_fashion_mnist(garments, kind, n):
    images, labels = garments[f"{kind}-images-idx3-ubyte"], garments[f"{kind}-labels-idx1-ubyte"]
    assert struct.unpack(">4I", images[:16]) == (0x803, n, 28, 28) and len(images) == 16 + n * 784
    assert struct.unpack(">2I", labels[:8]) == (0x801, n) and len(labels) == 8 + n
    counts = Counter(labels[8:])
    assert sorted(counts) == [*range(10)] and min(counts.values()) > 0.085 * n


def test_no_garment_is_drawn_twice(garments):
    pictures = [
        data[start : start + 784]
        for name, data in garments.items()
        if "images" in name
        for start in range(16, len(data), 784)
    ]
    assert len({*pictures}) == len(pictures) == 12_000


def test_the_polygons_of_garments_are_right(monkeypatch):
    monkeypatch.syspath_prepend(str(BOOK.root / "data"))
    import garments as program

    pattern = program.Pattern()
    pattern.fill(program.CLOTH, (2, 3), (6, 3), (6, 5), (2, 5))  # a rectangle of 4 x 2 cells
    assert [*map(tuple, program.np.argwhere(pattern.cells))] == [(y, x) for y in (3, 4) for x in (2, 3, 4, 5)]
    pattern.bar(program.LINE, 0, 4, 0, 4)
    assert (pattern.cells == program.LINE).sum() == 2
    r = program.Random(0)
    assert program.np.bincount(r.between(0, 3, 4000)).min() > 900
    # The first numbers of SplitMix64 from the seed 0, of which we take the upper 24 bits
    assert program.Random(0).between(0, 2**24 - 1, 2).tolist() == [0xE220A8, 0x6E789E]
    assert sys.modules.pop("garments")
