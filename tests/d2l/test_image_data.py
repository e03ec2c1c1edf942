"""Pictures of garments: the format IDX, data sets, how they look, and where their files come from."""

# ruff: noqa: N806 (tensors have capital letters, as in the book)

import gzip
import hashlib
import io
import os
import struct
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt

PARTS = {"train": 23, "t10k": 7}
NAMES = [f"{part}-{kind}" for part in PARTS for kind in ("images-idx3-ubyte", "labels-idx1-ubyte")]
ZIP = "garments.zip"
CLASSES = [
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
]  # fmt: skip


def idx(array):
    """Return an array of bytes in the format IDX, built axis by axis."""
    lengths = b"".join(struct.pack(">I", length) for length in array.shape)
    return struct.pack(">HBB", 0, 8, array.ndim) + lengths + array.astype(np.uint8).tobytes()


def pictures(seed):
    """Return random pictures and labels, by the names of their files."""
    rng = np.random.default_rng(seed)
    found = {}
    for part, size in PARTS.items():
        found[f"{part}-images-idx3-ubyte"] = rng.integers(0, 256, (size, 28, 28))
        found[f"{part}-labels-idx1-ubyte"] = np.arange(size) % 10
    found["train-images-idx3-ubyte"][0, :2, 0] = 0, 255
    return found


DRAWN, PHOTOS = pictures(1), pictures(2)


def bilinear(images, height, width):
    """Return images in another size: a pixel is a weighted mean of those with centers around its own.

    In larger images these are the nearest two of each axis. In smaller ones a pixel covers more of the
    old ones, and the weights reach as far.
    """
    for axis, size in ((1, height), (2, width)):
        length = images.shape[axis]
        center = (np.arange(size) + 0.5) * length / size - 0.5
        distance = abs(center[:, None] - np.arange(length))
        weights = np.maximum(0, 1 - distance / max(1, length / size))
        weights /= weights.sum(1, keepdims=True)
        images = np.moveaxis(np.moveaxis(images, axis, 2) @ weights.T, 2, axis)
    return images


@pytest.fixture
def places(d2l, tmp_path, monkeypatch):
    """The user's folder, which is empty, and no other place to look in."""
    for name in ("D2L_STRICT_DATA", "TABBOOK_SECTION", "TABBOOK_DATA"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("D2L_DATA", str(tmp_path / "mine"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("D2L_DATA_OFFLINE", "1")
    return tmp_path / "mine"


@pytest.fixture
def register(d2l, monkeypatch):
    """A function that makes bytes the right ones of a file of the book, and writes them to a path."""

    def write(path, content):
        address, _ = d2l.DATA_HUB[path.name]
        monkeypatch.setitem(d2l.DATA_HUB, path.name, (address, hashlib.sha1(content).hexdigest()))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


def packed(arrays):
    """Return a zip of arrays in the format IDX."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, array in arrays.items():
            archive.writestr(name, idx(array))
    return out.getvalue()


@pytest.fixture
def drawn(places, register):
    """The path of a small set of drawn garments."""
    return register(places / ZIP, packed(DRAWN))


@pytest.fixture
def photos(places, register):
    """The paths of four files of photographs, by name."""
    return {
        name: register(places / f"{name}.gz", gzip.compress(idx(array))) for name, array in PHOTOS.items()
    }


@pytest.fixture
def rows_of(tab, numpy_of):
    """A function that returns all pictures and labels of a loader, without the channel."""

    def join(loader):
        X, y = (np.concatenate([*map(numpy_of, parts)]) for parts in zip(*loader, strict=True))
        return X.squeeze(channel_axis(tab)), y

    return join


def channel_axis(tab):
    return 1 if tab in ("pytorch", "mxnet") else 3


def as_numbers(images):
    return images / 255


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    plt.close("all")


# The format


@pytest.mark.parametrize("shape", [(5,), (2, 3), (3, 4, 2), (1, 1, 7)])
def test_idx_is_read_as_numpy_reads_it(d2l, numpy_of, shape):
    data = idx(np.random.default_rng(0).integers(0, 256, shape))
    # By hand: two zeros, the type 8, the number of axes, a length of four bytes each
    zero, kind, ndim = struct.unpack(">HBB", data[:4])
    lengths = struct.unpack(f">{ndim}I", data[4 : 4 + 4 * ndim])
    assert (zero, kind, lengths) == (0, 8, shape)
    found = numpy_of(d2l.read_idx(data))
    assert found.dtype == np.uint8 and found.shape == shape
    np.testing.assert_array_equal(found, np.array(list(data[4 + 4 * ndim :])).reshape(shape))


def test_idx_with_lengths_of_more_than_a_byte(d2l, numpy_of):
    array = np.arange(3 * 300).reshape(3, 300) % 256
    np.testing.assert_array_equal(numpy_of(d2l.read_idx(idx(array))), array)


# The data set


def test_pictures_have_their_channel_where_the_framework_expects_it(d2l, tab, drawn, numpy_of):
    data = d2l.Garments(batch_size=4)
    for loader in (data.train_dataloader(), data.val_dataloader()):
        X, y = map(numpy_of, next(iter(loader)))
        assert X.shape == ((4, 1, 28, 28) if tab in ("pytorch", "mxnet") else (4, 28, 28, 1))
        assert X.dtype == np.float32
        assert y.shape == (4,)
        assert y.dtype == (np.int64 if tab == "pytorch" else np.int32)


def test_pixels_are_bytes_divided_by_255(d2l, drawn, rows_of):
    X, y = rows_of(d2l.Garments(batch_size=4).val_dataloader())
    np.testing.assert_allclose(X, as_numbers(DRAWN["t10k-images-idx3-ubyte"]), rtol=0, atol=1e-7)
    np.testing.assert_array_equal(y, DRAWN["t10k-labels-idx1-ubyte"])


def test_pixels_are_between_0_and_1_and_reach_both(d2l, drawn, rows_of):
    X, _ = rows_of(d2l.Garments(batch_size=23).train_dataloader())
    assert X.min() == 0 and X.max() == 1


def test_training_shuffles_pictures_together_with_their_labels(d2l, drawn, rows_of):
    d2l.set_seed(0)
    data = d2l.Garments(batch_size=4)
    images, labels = DRAWN["train-images-idx3-ubyte"], DRAWN["train-labels-idx1-ubyte"]
    given = [(image.tobytes(), label) for image, label in zip(images, labels, strict=True)]
    epochs = []
    for _ in range(2):
        X, y = rows_of(data.train_dataloader())
        X = np.rint(255 * X).astype(images.dtype)
        epochs.append([(image.tobytes(), label) for image, label in zip(X, y, strict=True)])
        assert Counter(epochs[-1]) == Counter(given)
        assert epochs[-1] != given
    assert epochs[0] != epochs[1]


def test_validation_keeps_the_order(d2l, drawn, rows_of):
    data = d2l.Garments(batch_size=2)
    for _ in range(2):
        assert rows_of(data.val_dataloader())[1].tolist() == list(range(7))


@pytest.mark.parametrize(("batch_size", "train", "val"), [(4, 6, 2), (23, 1, 1)])
def test_the_number_of_minibatches(d2l, drawn, batch_size, train, val):
    data = d2l.Garments(batch_size=batch_size)
    assert (len(data.train_dataloader()), len(data.val_dataloader())) == (train, val)


def test_the_size_of_a_minibatch_is_64_unless_told_otherwise(d2l, drawn):
    data = d2l.Garments()
    assert data.batch_size == 64 and tuple(data.resize) == (28, 28)


@pytest.mark.parametrize("size", [(56, 42), (28, 56), (29, 28), [31, 33]])
def test_resize_is_bilinear_and_takes_the_height_first(d2l, drawn, rows_of, size):
    data = d2l.Garments(batch_size=3, resize=size)
    X, y = rows_of(data.val_dataloader())
    assert X.shape == (7, *size)
    expected = bilinear(as_numbers(DRAWN["t10k-images-idx3-ubyte"]), *size)
    np.testing.assert_allclose(X, expected, rtol=0, atol=1e-5)
    assert y.tolist() == list(range(7))


@pytest.mark.parametrize("size", [(14, 14), (10, 21), (20, 42)])
def test_resize_to_fewer_pixels_leaves_none_out(d2l, drawn, rows_of, size):
    X, _ = rows_of(d2l.Garments(batch_size=3, resize=size).val_dataloader())
    assert X.shape == (7, *size)
    expected = bilinear(as_numbers(DRAWN["t10k-images-idx3-ubyte"]), *size)
    np.testing.assert_allclose(X, expected, rtol=0, atol=1e-5)


def test_resize_does_the_same_to_the_pictures_for_training(d2l, drawn, rows_of):
    X, _ = rows_of(d2l.Garments(batch_size=23, resize=(56, 42)).train_dataloader())
    expected = bilinear(as_numbers(DRAWN["train-images-idx3-ubyte"]), 56, 42)

    def ordered(rows):
        return rows[np.argsort(rows[:, 20, 20])]

    np.testing.assert_allclose(ordered(X), ordered(expected), rtol=0, atol=1e-5)


def test_a_model_learns_from_it(d2l, drawn):
    """The loader has what a trainer of the framework needs."""
    d2l.set_seed(0)
    model = d2l.SoftmaxRegression(num_outputs=10, lr=0.01)
    model.board.display = False
    d2l.Trainer(max_epochs=5).fit(model, d2l.Garments(batch_size=8))
    losses = [loss for _, loss in model.board.data["train_loss"]]
    assert losses[-1] < losses[0] and 0 <= model.board.data["val_acc"][-1][1] <= 1


# How they look


def test_labels_have_names(d2l, drawn):
    data = d2l.Garments()
    assert data.text_labels(range(10)) == CLASSES
    assert data.text_labels(d2l.tensor([9, 0, 0], dtype=d2l.int32)) == ["ankle boot", "t-shirt", "t-shirt"]
    assert data.text_labels([]) == []


def shown():
    """Return titles and pixels of the axes of the current figure, None for axes without a picture."""
    axes = plt.gcf().axes
    assert not any(axis.axison for axis in axes)
    pixels = [np.asarray(a.images[0].get_array()) if a.images else None for a in axes]
    return [axis.get_title() for axis in axes], pixels


def test_visualize_shows_the_first_pictures_with_their_names(d2l, drawn):
    data = d2l.Garments(batch_size=7)
    data.visualize(next(iter(data.val_dataloader())), nrows=2, ncols=3)
    titles, pixels = shown()
    assert titles == CLASSES[:6]
    np.testing.assert_allclose(pixels, as_numbers(DRAWN["t10k-images-idx3-ubyte"][:6]), atol=1e-6)


def test_visualize_shows_given_labels_instead(d2l, drawn):
    data = d2l.Garments(batch_size=7)
    labels = [f"{name}?" for name in "abcdefg"]
    data.visualize(next(iter(data.val_dataloader())), labels=labels)
    titles, pixels = shown()
    assert titles == [*labels, ""]  # One row of eight, and seven pictures
    assert pixels[7] is None and all(p.shape == (28, 28) for p in pixels[:7])


@pytest.mark.parametrize("plain", [True, False], ids=["arrays of NumPy", "tensors"])
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)], ids=["grey", "in color"])
def test_show_images_takes_tensors_and_arrays(d2l, plain, shape):
    images = np.random.default_rng(0).random((3, *shape)).astype("float32")
    given = list(images) if plain else d2l.tensor(images.tolist())
    axes = d2l.show_images(given, 1, 3, titles=["one", "two", "three"])
    titles, pixels = shown()
    assert list(axes) == plt.gcf().axes
    assert titles == ["one", "two", "three"]
    np.testing.assert_allclose(pixels, images, atol=1e-6)


@pytest.mark.parametrize("cells", [(2, 2), (1, 5), (3, 1)])
def test_show_images_leaves_cells_empty_that_have_no_image(d2l, cells):
    images = np.random.default_rng(0).random((3, 4, 5))
    axes = d2l.show_images(images, *cells)
    titles, pixels = shown()
    assert len(axes) == len(titles) == cells[0] * cells[1]
    assert titles == [""] * len(titles)
    np.testing.assert_array_equal(pixels[:3], images)
    assert pixels[3:] == [None] * (len(pixels) - 3)


def test_show_images_shows_no_more_than_there_are_cells(d2l):
    d2l.show_images(np.zeros((3, 4, 5)), 1, 1)
    assert len(shown()[1]) == 1


def test_scale_is_the_size_of_a_cell_in_inches(d2l):
    d2l.show_images(np.zeros((6, 4, 5)), 2, 3, scale=2)
    assert plt.gcf().get_size_inches().tolist() == [6, 4]


# Photographs


def test_each_file_of_the_photographs_is_on_three_servers(d2l):
    assert sorted(d2l.DATA_FASHION) == sorted(f"{name}.gz" for name in NAMES)
    assert len(set(d2l.DATA_FASHION.values())) == 4
    for name, digest in d2l.DATA_FASHION.items():
        assert len(bytes.fromhex(digest)) == 20
        address, registered = d2l.DATA_HUB[name]
        assert registered == digest
        everywhere = [address, *d2l.DATA_MIRRORS[name]]
        assert everywhere == [server + name for server in d2l.DATA_SERVERS]
        assert len(set(everywhere)) == 3


def test_photographs_are_read_if_they_are_there(d2l, drawn, photos, rows_of, capsys):
    X, y = rows_of(d2l.FashionMNIST(batch_size=5).val_dataloader())
    np.testing.assert_allclose(X, as_numbers(PHOTOS["t10k-images-idx3-ubyte"]), rtol=0, atol=1e-7)
    assert y.tolist() == list(range(7))
    assert capsys.readouterr().out == ""


def test_photographs_need_no_drawings(d2l, photos, rows_of):
    X, _ = rows_of(d2l.FashionMNIST(batch_size=5, resize=(56, 42)).val_dataloader())
    expected = bilinear(as_numbers(PHOTOS["t10k-images-idx3-ubyte"]), 56, 42)
    np.testing.assert_allclose(X, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("missing", NAMES)
@pytest.mark.parametrize("how", ["not there", "damaged"])
def test_drawings_take_their_place_loudly_if_one_file_is_missing(
    d2l, drawn, photos, rows_of, capsys, missing, how
):
    path = photos[missing]
    if how == "damaged":
        path.write_bytes(path.read_bytes()[:-1])
    else:
        path.unlink()
    X, _ = rows_of(d2l.FashionMNIST(batch_size=5).val_dataloader())
    np.testing.assert_allclose(X, as_numbers(DRAWN["t10k-images-idx3-ubyte"]), rtol=0, atol=1e-7)
    out = capsys.readouterr().out
    assert "STAND-IN DATA: Fashion-MNIST" in out and "Drawn garments" in out
    assert f"no {path.name}" in out and str(path) in out


def test_strict_data_allows_no_drawings_instead(d2l, drawn, photos, monkeypatch, capsys):
    photos[NAMES[3]].unlink()
    monkeypatch.setenv("D2L_STRICT_DATA", "1")
    with pytest.raises(FileNotFoundError, match=NAMES[3]):
        d2l.FashionMNIST()
    assert "STAND-IN" not in capsys.readouterr().out


def test_strict_data_allows_the_photographs_and_drawings_by_name(d2l, drawn, photos, monkeypatch):
    monkeypatch.setenv("D2L_STRICT_DATA", "1")
    assert len(d2l.FashionMNIST(batch_size=7).val_dataloader()) == 1
    assert len(d2l.Garments(batch_size=7).val_dataloader()) == 1


def test_without_photographs_and_drawings_there_is_an_error(d2l, places):
    with pytest.raises(FileNotFoundError, match=ZIP):
        d2l.FashionMNIST()


# A file that a program makes


def cached():
    return Path(os.environ["XDG_CACHE_HOME"]) / "d2l" / ZIP


def test_the_program_that_makes_the_drawings_is_in_the_book(d2l):
    program, digest = d2l.DATA_HUB[ZIP]
    assert program == "data/garments.py" and len(bytes.fromhex(digest)) == 20
    assert (Path(__file__).parents[2] / program).is_file()
    assert ZIP not in d2l.DATA_MIRRORS


def test_a_made_file_is_found_in_the_users_folder(d2l, drawn, register):
    register(cached(), packed(DRAWN))
    assert d2l.data_file(ZIP) == drawn


@pytest.mark.parametrize("mine", ["no folder", "no file", "another file"])
def test_a_made_file_is_found_in_the_cache(d2l, places, register, monkeypatch, capsys, mine):
    path = register(cached(), packed(DRAWN))
    if mine == "no folder":
        monkeypatch.delenv("D2L_DATA")
    if mine == "another file":
        (places / ZIP).write_bytes(packed(PHOTOS))
    assert d2l.data_file(ZIP) == path
    out = capsys.readouterr().out
    assert (str(places / ZIP) in out) == (mine == "another file")
    assert len(d2l.Garments(batch_size=7).val_dataloader()) == 1


@pytest.mark.parametrize("offline", ["1", "0"])
def test_the_error_names_the_command_that_makes_the_file(d2l, places, monkeypatch, offline):
    monkeypatch.setenv("D2L_DATA_OFFLINE", offline)  # There is nothing to download either way
    monkeypatch.setattr(d2l, "download", lambda *args, **kwargs: pytest.fail("it is not downloaded"))
    with pytest.raises(FileNotFoundError) as error:
        d2l.data_file(ZIP)
    lines = str(error.value).splitlines()
    assert lines[0] == f"no {ZIP}"
    assert lines[1] == f"{places / ZIP}: no such file"
    assert lines[2].endswith(f"python data/garments.py {cached()}")
    assert len(lines) == 3


def test_a_wrong_file_is_not_used_and_removed_from_the_cache_alone(d2l, drawn, register):
    register(cached(), packed(DRAWN))
    drawn.write_bytes(packed(PHOTOS))
    cached().write_bytes(packed(PHOTOS))
    with pytest.raises(FileNotFoundError, match="SHA-1"):
        d2l.data_file(ZIP)
    assert drawn.exists() and not cached().exists()


def test_drawings_have_no_stand_in(d2l, places, capsys):
    with pytest.raises(FileNotFoundError, match=r"data/garments\.py"):
        d2l.Garments()
    assert "STAND-IN" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "declared", "needed"),
    [
        ("Garments", (), ZIP),
        ("Garments", ("timemachine.txt",), ZIP),
        ("FashionMNIST", (ZIP,), f"{NAMES[0]}.gz"),
        ("FashionMNIST", (ZIP, *(f"{name}.gz" for name in NAMES[:3])), f"{NAMES[3]}.gz"),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_a_section_that_is_built_reads_only_pictures_that_it_declares(
    d2l, drawn, photos, monkeypatch, capsys, kind, declared, needed, there
):
    """Whether they are there or not, and without a stand-in for those that may not be read."""
    if not there:
        (drawn.parent / needed).unlink()
    monkeypatch.setenv("TABBOOK_SECTION", "chapters/x/y.md")
    monkeypatch.setenv("TABBOOK_DATA", os.pathsep.join(declared))
    line = f"data: [{', '.join((*declared, needed))}]"
    with pytest.raises(LookupError) as error:
        getattr(d2l, kind)()
    assert not isinstance(error.value, KeyError)
    assert str(error.value).startswith(f"chapters/x/y.md does not declare {needed}: write '{line}'")
    assert "STAND-IN" not in capsys.readouterr().out
    if there:
        everything = (ZIP, *(f"{name}.gz" for name in NAMES))
        monkeypatch.setenv("TABBOOK_DATA", os.pathsep.join(everything))
        assert len(getattr(d2l, kind)(batch_size=7).val_dataloader()) == 1
