"""Draw small pictures of garments, ten classes with Fashion-MNIST's names, and write them to a file.

    python data/garments.py garments.zip

The file is a zip of four members in Fashion-MNIST's own format (IDX), under its names: 10,000 pictures
to train on, 2,000 to test, of 28 x 28 grey pixels, and their labels. All arithmetic is with whole
numbers and all randomness comes from a hash of a counter, so the bytes are the same on every machine
and with every version of NumPy.
"""

import sys
import zipfile
from pathlib import Path

import numpy as np

NUM_TRAIN, NUM_TEST = 10_000, 2_000
SIZE = 28
"""Pixels along each side of a picture."""
SCALE = 4
"""Cells of a pattern along each pixel: patterns are drawn larger, so that edges are soft."""
CELLS = SIZE * SCALE
MIDDLE = CELLS // 2
VARIANTS = 12
"""Patterns of each class; they differ in their proportions."""
CLOTH, TRIM, LINE = 1, 2, 3
"""What a cell of a pattern shows; 0 is the background."""

TURN = SLANT = 36
"""How far a picture is turned and slanted, at most, in 1/256; 36 is about 8 degrees."""
STRETCH = 215, 315
"""How much it is enlarged or shrunk in each direction, in 1/256."""
SHIFT = 2
"""How far it is moved in each direction, at most, in pixels."""
BEND = 1800
"""How far a part of it is moved, at most, in 1/256 of a cell."""
LIGHT = 60
"""How much brighter or darker a part of it is, at most, in 1/256."""
NOISE = 22
"""Half of the most that noise adds to a pixel or takes away."""


class Random:
    """Random whole numbers, the same in every run: a hash of a counter (SplitMix64)."""

    def __init__(self, seed: int) -> None:
        self.count = np.uint64(seed << 40)

    def between(self, low: int, high: int, *shape: int) -> np.ndarray:
        """Return an array of numbers from ``low`` to ``high``, both included, all equally likely."""
        n = int(np.prod(shape))
        z = (self.count + np.arange(1, n + 1, dtype=np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        self.count += np.uint64(n)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = (z ^ (z >> np.uint64(31))) >> np.uint64(40)  # the upper 24 bits
        return low + (z.astype(np.int64) * (high - low + 1) >> 24).reshape(shape)

    def __call__(self, low: int, high: int) -> int:
        """Return one such number."""
        return int(self.between(low, high, 1)[0])


class Pattern:
    """A garment, as a grid of cells that show CLOTH, TRIM, LINE or the background."""

    def __init__(self) -> None:
        self.cells = np.zeros((CELLS, CELLS), np.uint8)

    def fill(self, part: int, *points: tuple[int, int], mirror: bool = False, on_cloth: bool = False) -> None:
        """Let a polygon show ``part``; also its mirror image, or only where the garment is already."""
        y, x = 2 * np.mgrid[:CELLS, :CELLS] + 1  # the centres of cells, in half cells
        corners = [(2 * px, 2 * py) for px, py in points]
        inside = np.zeros((CELLS, CELLS), bool)
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
            side = (x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)
            inside ^= ((y0 <= y) != (y1 <= y)) & ((side < 0) == (y1 > y0))  # is this edge to the right?
        if mirror:
            inside |= inside[:, ::-1]
        self.cells[inside & (self.cells > 0) if on_cloth else inside] = part

    def bar(self, part: int, x0: int, x1: int, y0: int, y1: int) -> None:
        """Let a rectangle show ``part`` where the garment is."""
        self.fill(part, (x0, y0), (x1, y0), (x1, y1), (x0, y1), on_cloth=True)

    def top(self, r: Random, hem: int, sleeve: int, flare: int) -> tuple[int, int]:
        """Draw a trunk down to ``hem`` and sleeves; return where its neck begins and half its width."""
        top, neck, width = r(16, 22), r(6, 11), r(21, 27)
        spread, thick, dip, waist = r(8, 20), r(9, 13), r(3, 8), MIDDLE + width - r(0, 4)
        shoulder, arm = MIDDLE + width, top + 6
        upper = ((MIDDLE, top + dip), (MIDDLE + neck, top), (shoulder, arm), (waist, top + 34))
        self.fill(CLOTH, *upper, (shoulder + flare, hem), (MIDDLE, hem), mirror=True)
        if sleeve:
            out, end = shoulder + spread * sleeve // 64, arm + sleeve
            hand = ((out + thick, end - 3), (out, end))
            self.fill(TRIM, (shoulder - 2, arm), *hand, (waist - 2, arm + 2 * thick), mirror=True)
        return top, neck

    def sole(self, r: Random, y: int, thick: int, heel: int) -> int:
        """Draw the sole of a shoe that points to the left; return where its toe is."""
        toe, low = r(10, 16), y + thick
        back = ((100, y - heel), (100, low + 2), (82, low + 2))
        self.fill(TRIM, (toe, y), *back, (74, low - heel // 3), (toe, low))
        return toe


def t_shirt(p: Pattern, r: Random) -> None:
    """Draw a trunk with short sleeves."""
    p.top(r, r(80, 96), r(18, 34), r(-2, 3))


def trouser(p: Pattern, r: Random) -> None:
    """Draw two legs and a belt."""
    top, waist, leg, foot, bottom, crotch = r(10, 16), r(14, 19), r(8, 13), r(4, 14), r(94, 104), r(32, 46)
    side = ((MIDDLE + waist, top), (MIDDLE + waist + 4, crotch), (MIDDLE + foot + leg, bottom))
    p.fill(CLOTH, (MIDDLE, top), *side, (MIDDLE + foot, bottom), (MIDDLE, crotch + 3), mirror=True)
    p.bar(TRIM, 0, CELLS, top, top + 5)


def pullover(p: Pattern, r: Random) -> None:
    """Draw a trunk with long sleeves and a round collar."""
    top, neck = p.top(r, r(82, 96), r(56, 70), r(-3, 2))
    end = MIDDLE + neck
    p.fill(TRIM, (MIDDLE, top - 2), (end, top - 4), (end, top + 3), (MIDDLE, top + 6), mirror=True)


def dress(p: Pattern, r: Random) -> None:
    """Draw a long trunk with a narrow waist, some with short sleeves."""
    p.top(r, r(96, 106), r(0, 1) * r(14, 30), r(0, 12))
    waist, y = MIDDLE + r(8, 13), r(44, 54)
    p.fill(0, (CELLS, y - 22), (waist + 8, y - 16), (waist, y), (CELLS, y + 70), mirror=True)


def coat(p: Pattern, r: Random) -> None:
    """Draw a long trunk with long sleeves, open at the front, and lapels."""
    top, _ = p.top(r, r(96, 106), r(56, 72), r(0, 6))
    x = MIDDLE + r(-3, 3)
    p.bar(LINE, x - 1, x + 2, top, CELLS)
    lapel = ((MIDDLE + 3, top + 20), (MIDDLE + 13, top), (MIDDLE + 4, top))
    p.fill(TRIM, (MIDDLE, top + 26), *lapel, mirror=True, on_cloth=True)


def sandal(p: Pattern, r: Random) -> None:
    """Draw a sole and some straps."""
    y, heel = r(74, 84), r(0, 18)
    toe = p.sole(r, y, r(4, 8), heel)
    for _ in range(r(2, 4)):
        x, width, high, lean = r(toe + 4, 76), r(4, 8), r(14, 34), r(-6, 18)
        p.fill(CLOTH, (x, y), (x + lean, y - high), (x + lean + width, y - high), (x + width, y))
    p.fill(CLOTH, (84, y - heel), (94, y - heel - r(16, 34)), (99, y - heel - 16), (97, y - heel))


def shirt(p: Pattern, r: Random) -> None:
    """Draw a trunk with short or long sleeves, buttons and a collar."""
    top, neck = p.top(r, r(82, 98), 30 * r(0, 1) + r(24, 40), r(-2, 4))
    for y in range(top + 14, CELLS, r(9, 13)):
        p.bar(LINE, MIDDLE - 3, MIDDLE + 3, y, y + 6)
    tip = ((MIDDLE + neck + 4, top - 2), (MIDDLE + neck + 5, top + 9), (MIDDLE + 6, top + 15))
    p.fill(TRIM, (MIDDLE, top + 9), *tip, mirror=True)


def sneaker(p: Pattern, r: Random) -> None:
    """Draw a low shoe with laces."""
    y, high = r(76, 86), r(26, 36)
    toe, back = p.sole(r, y, r(5, 9), 0), y - high
    front = ((toe, y), (toe + 3, y - 10), (46, back + 12), (66, back))
    p.fill(CLOTH, *front, (84, back + 5), (99, back - 1), (99, y))
    for x in range(44, 44 + 7 * r(2, 4), 7):
        lace = ((x, back + 16), (x + 3, back + 12), (x + 12, y - 10), (x + 9, y - 9))
        p.fill(LINE, *lace, on_cloth=True)


def bag(p: Pattern, r: Random) -> None:
    """Draw a box with a seam and a handle."""
    top, bottom, x, more = r(42, 56), r(86, 98), MIDDLE + r(30, 44), r(-4, 6)
    high, thick, grip = top - r(14, 34), r(4, 6), MIDDLE + r(14, 24)
    outer = ((MIDDLE, high), (grip, high + 4), (grip + 4, top))
    inner = ((grip + 4 - thick, top), (grip - thick, high + 4 + thick), (MIDDLE, high + thick))
    p.fill(TRIM, *outer, *inner, mirror=True)
    p.fill(CLOTH, (MIDDLE, top), (x, top), (x + more, bottom), (MIDDLE, bottom), mirror=True)
    y = top + r(8, 20)
    p.bar(LINE, 0, CELLS, y, y + 3)


def ankle_boot(p: Pattern, r: Random) -> None:
    """Draw a high shoe."""
    y, high, heel, shaft = r(86, 94), r(52, 70), r(0, 12), r(54, 62)
    toe, end = p.sole(r, y, r(4, 8), heel), y - high
    front = ((toe, y), (toe + 5, y - 14), (shaft - 6, y - 32), (shaft, end))
    p.fill(CLOTH, *front, (98, end + r(-3, 3)), (100, y - heel))
    p.bar(LINE, shaft, 99, end, end + 6)


CLASSES = (t_shirt, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle_boot)
"""What draws each class, in the order of Fashion-MNIST's labels."""


def patterns() -> np.ndarray:
    """Return the cells of all patterns: (classes, variants, cells, cells)."""
    made = [[Pattern() for _ in range(VARIANTS)] for _ in CLASSES]
    for label, draw in enumerate(CLASSES):
        for variant, pattern in enumerate(made[label]):
            draw(pattern, Random(1 + label * VARIANTS + variant))
    return np.array([[pattern.cells for pattern in variants] for variants in made])


def smooth(r: Random, n: int, knots: int, most: int, points: int) -> np.ndarray:
    """Return smooth random surfaces with values of at most ``most``: (n, points, points)."""
    at = np.arange(points) * (knots - 1) * 256 // (points - 1)  # in 1/256 of the distance of two knots
    left = np.minimum(at >> 8, knots - 2)
    weights = np.zeros((points, knots), np.int64)
    weights[np.arange(points), left] = 256 - (at - 256 * left)
    weights[np.arange(points), left + 1] = at - 256 * left
    return (weights @ r.between(-most, most, n, knots, knots) @ weights.T) >> 16


def pictures(r: Random, shapes: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ``n`` pictures, (n, 28, 28) of uint8, and their labels, (n,)."""
    labels, variants = r.between(0, len(CLASSES) - 1, n, 1, 1), r.between(0, VARIANTS - 1, n, 1, 1)
    points = 2 * SIZE  # each pixel is the mean of 2 x 2 points
    at = (2 * np.arange(points) - points + 1) * (SCALE * 64)  # from the middle, in 1/256 of a cell
    u, v = at[None, None, :], at[None, :, None]
    # Which cell of its pattern does each point show? A matrix in 1/256, then a shift and a bend
    turn, slant = r.between(-TURN, TURN, n, 1, 1), r.between(-SLANT, SLANT, n, 1, 1)
    stretch = r.between(*STRETCH, 2, n, 1, 1)
    shift = r.between(-SHIFT * SCALE * 256, SHIFT * SCALE * 256, 2, n, 1, 1)
    x = (stretch[0] * u + (turn + slant) * v >> 8) + shift[0] + smooth(r, n, 5, BEND, points)
    y = (stretch[1] * v - turn * u >> 8) + shift[1] + smooth(r, n, 5, BEND, points)
    column, row = (x >> 8) + MIDDLE, (y >> 8) + MIDDLE
    outside = (np.minimum(column, row) < 0) | (np.maximum(column, row) >= CELLS)
    cells = shapes[labels, variants, np.clip(row, 0, CELLS - 1), np.clip(column, 0, CELLS - 1)]
    cells[outside] = 0
    # How bright is each of its parts? Every third garment has stripes
    cloth = r.between(80, 230, n)
    trim, line = cloth + r.between(-70, 70, n), cloth - r.between(70, 130, n)
    shades = np.clip(np.stack([0 * cloth, cloth, trim, line], 1), 0, 255)
    grey = shades[np.arange(n)[:, None, None], cells]
    slope = r.between(-8, 8, 2, n, 1, 1)
    dark = (slope[0] * column + slope[1] * row >> 5 & 1) * r.between(0, 70, n, 1, 1)
    striped = (r.between(0, 2, n, 1, 1) == 0) & (cells == CLOTH)
    grey = np.maximum(grey - striped * dark, 0)
    grey = grey.reshape(n, SIZE, 2, SIZE, 2).sum((2, 4)) >> 2
    grey = grey * (256 + smooth(r, n, 3, LIGHT, SIZE)) >> 8
    grey += r.between(-NOISE, NOISE, 2, n, SIZE, SIZE).sum(0)
    return np.clip(grey, 0, 255).astype(np.uint8), labels.reshape(n).astype(np.uint8)


def idx(array: np.ndarray) -> bytes:
    """Return an array of uint8 in MNIST's format: type and shape as big-endian numbers, then the bytes."""
    return np.array([0x0800 + array.ndim, *array.shape], ">u4").tobytes() + array.tobytes()


def write(path: Path) -> None:
    """Draw all pictures, and write them to a file."""
    r, shapes = Random(1000), patterns()
    with zipfile.ZipFile(path, "w") as file:
        for kind, n in (("train", NUM_TRAIN), ("t10k", NUM_TEST)):
            images, labels = zip(*(pictures(r, shapes, 500) for _ in range(n // 500)), strict=True)
            for name, arrays in (("images-idx3", images), ("labels-idx1", labels)):
                about = zipfile.ZipInfo(f"{kind}-{name}-ubyte")  # with a fixed date
                about.create_system = 3  # also on Windows
                file.writestr(about, idx(np.concatenate(arrays)))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
