"""The classes that all models build on: growing classes, boards, models, data, and the trainer's course."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import itertools
import random
from types import SimpleNamespace

import numpy as np
import pytest

# Utilities


def test_add_to_class_reaches_objects_that_exist_already(d2l):
    class A:
        x = 2

    a = A()

    @d2l.add_to_class(A)
    def double(self):
        return 2 * self.x

    assert a.double() == 4
    assert double(a) == 4  # The name still is the function


def test_add_to_class_replaces_a_method(d2l):
    class A:
        def name(self):
            return "old"

    @d2l.add_to_class(A)
    def name(self):
        return "new"

    assert A().name() == "new"


def test_save_hyperparameters_keeps_the_arguments_and_nothing_else(d2l):
    class A(d2l.HyperParameters):
        def __init__(self, a, b=2, *more, c, d=4, **others):
            local = a
            self.save_hyperparameters(ignore=["c"])
            self.local_too = local

    a = A(1, 20, 30, c=3, e=5)
    assert (a.a, a.b, a.d, a.more, a.others) == (1, 20, 4, (30,), {"e": 5})
    assert not hasattr(a, "c")
    assert not hasattr(a, "local")
    assert set(a.hparams) == {"a", "b", "d", "more", "others"}


def test_save_hyperparameters_belongs_to_the_method_that_calls_it(d2l):
    class A(d2l.HyperParameters):
        def __init__(self, a):
            self.save_hyperparameters()

    class B(A):
        def __init__(self, b):
            super().__init__(a=1)
            self.save_hyperparameters()

    b = B(2)
    assert (b.a, b.b) == (1, 2)


def test_set_seed_repeats_all_random_numbers(d2l, tab, numpy_of):
    def draw():
        d2l.set_seed(7)
        numbers = [random.random(), *numpy_of(d2l.randn(3)), *numpy_of(d2l.rand(3))]
        return numbers if tab == "mxnet" else [*numbers, np.random.rand()]

    first = draw()
    assert draw() == first
    d2l.set_seed(8)
    assert random.random() != first[0]
    assert list(numpy_of(d2l.randn(3))) != first[1:4]


def test_keys_are_fresh_and_follow_the_seed(d2l, tab):
    if tab != "jax":
        pytest.skip("only JAX has keys")
    import jax

    def keys():
        d2l.set_seed(0)
        return [jax.random.key_data(d2l.get_key()).tolist() for _ in range(3)]

    assert keys() == keys()
    assert len(set(map(tuple, keys()))) == 3


def test_devices_have_the_frameworks_type(d2l, tab, monkeypatch):
    if tab == "pytorch":
        import torch

        made_for = torch.accelerator.current_accelerator() or torch.device("cuda")
        assert (d2l.cpu().type, d2l.gpu().type, d2l.gpu(1).index) == ("cpu", made_for.type, 1)
        monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("xpu"))
        monkeypatch.setattr(torch.accelerator, "device_count", lambda: 1)
        assert (d2l.gpu(), d2l.num_gpus(), d2l.try_gpu(1)) == (torch.device("xpu:0"), 1, d2l.cpu())
    elif tab == "jax":
        assert d2l.cpu().platform == "cpu"
    elif tab == "tensorflow":
        with d2l.cpu():
            assert "CPU:0" in d2l.ones(1).device
        assert "GPU:1" in d2l.gpu(1)._device_name.upper()
    else:
        assert (d2l.cpu().device_type, d2l.gpu(1).device_type, d2l.gpu(1).device_id) == ("cpu", "gpu", 1)
    assert d2l.num_gpus() >= 0


def test_try_gpu_takes_the_cpu_only_where_there_is_no_such_gpu(d2l, monkeypatch):
    monkeypatch.setattr(d2l, "gpu", lambda i=0: ("gpu", i))
    monkeypatch.setattr(d2l, "cpu", lambda: "cpu")
    monkeypatch.setattr(d2l, "num_gpus", lambda: 2)
    assert [d2l.try_gpu(), d2l.try_gpu(1), d2l.try_gpu(2)] == [("gpu", 0), ("gpu", 1), "cpu"]
    monkeypatch.setattr(d2l, "num_gpus", lambda: 0)
    assert d2l.try_gpu() == "cpu"


def test_tensors_can_be_made_on_what_try_gpu_returns(d2l, tab, numpy_of):
    device = d2l.try_gpu()
    if tab == "tensorflow":
        with device:
            made = d2l.ones(2)
    else:
        made = d2l.to(d2l.ones(2), device)
    assert numpy_of(made).tolist() == [1, 1]


# The board


class Page:
    """A Jupyter page, and a clock, that a test controls."""

    def __init__(self):
        self.now, self.drawing_takes = 100.0, 0.0
        self.figures, self.updates, self.hooks, self.formats = [], 0, [], []
        self.shell = SimpleNamespace(
            events=SimpleNamespace(
                register=lambda event, hook: self.hooks.append((event, hook)),
                unregister=lambda event, hook: self.hooks.remove((event, hook)),
            ),
            display_formatter=SimpleNamespace(
                formatters={"image/svg+xml": SimpleNamespace(for_type=lambda *a: self.formats.append(a))}
            ),
        )

    def perf_counter(self):
        return self.now

    def show(self, figure, display_id):
        assert display_id is True
        self.figures.append(figure)
        self.now += self.drawing_takes
        return self

    def update(self, figure):
        assert figure is self.figures[-1]
        self.updates += 1
        self.now += self.drawing_takes

    def end_of_cell(self):
        for event, hook in list(self.hooks):
            assert event == "post_run_cell"
            hook("the cell's result")


@pytest.fixture
def page(d2l, monkeypatch):
    page = Page()
    monkeypatch.setattr(d2l, "time", page)
    monkeypatch.setattr(d2l, "get_ipython", lambda: page.shell)
    monkeypatch.setattr(d2l, "display", SimpleNamespace(display=page.show))
    monkeypatch.setattr(
        d2l,
        "backend_inline",
        SimpleNamespace(set_matplotlib_formats=lambda *args, **kwargs: page.formats.append((args, kwargs))),
    )
    return page


def test_a_point_is_the_mean_of_every_n(d2l):
    board = d2l.ProgressBoard(display=False)
    for x in range(7):
        board.draw(x, x**2, "a", every_n=3)
        board.draw(x, 1, "b")
    assert board.data["a"] == [(1, 5 / 3), (4, 50 / 3)]
    assert board.data["b"] == [(x, 1) for x in range(7)]


def test_a_point_may_be_a_tensor(d2l):
    board = d2l.ProgressBoard(display=False)
    board.draw(d2l.tensor(1.5), d2l.reduce_sum(d2l.ones(3)), "a")
    assert board.data["a"] == [(1.5, 3)]


def test_tensors_are_read_only_when_their_mean_is_due(d2l):
    """To read one, Python waits for the device that computes it."""

    class Tensor:
        def __add__(self, other):
            return self

        def __float__(self):
            read.append(self)
            return 2.0

    board, read = d2l.ProgressBoard(display=False), []
    for x in range(5):
        board.draw(x, Tensor(), "a", every_n=3)
        assert len(read) == (0 if x < 2 else 3)
    assert board.data["a"] == [(1, 2)]


def test_a_point_stays_what_it_was_when_it_was_drawn(d2l):
    board, y = d2l.ProgressBoard(display=False), np.zeros(())
    for x in range(3):
        y += x
        board.draw(x, y, "a", every_n=3)
    assert board.data["a"] == [(1, (0 + 1 + 3) / 3)]


def test_the_first_point_shows_a_figure_and_the_others_update_it(d2l, page):
    board = d2l.ProgressBoard()
    for x in range(5):
        board.draw(x, x, "a")
        page.now += 10
    assert len(page.figures) == 1
    assert page.updates == 4


def test_updates_wait_for_half_a_second(d2l, page):
    board = d2l.ProgressBoard()
    for x in range(100):
        board.draw(x, x, "a")
        page.now += 0.01
    assert page.updates == 1


@pytest.mark.parametrize("takes", [0.001, 0.1, 3])
def test_drawing_takes_at_most_a_tenth_of_the_time(d2l, page, takes):
    page.drawing_takes, board = takes, d2l.ProgressBoard()
    board.plot()
    board.plot = lambda: None  # The clock is a fake, and so may drawing be
    start, drawings = page.now, 0
    while page.now < start + 200:
        board.draw(0, 0, "a")
        page.now += 0.02
    drawings = len(page.figures) + page.updates
    assert drawings >= 6
    assert (drawings - 1) * takes <= 0.1 * (page.now - start)


def test_the_end_of_the_cell_shows_every_point(d2l, page):
    board = d2l.ProgressBoard()
    for x in range(50):
        board.draw(x, x, "a")
    assert len(board.axes.lines[0].get_xdata()) == 1  # The clock stood still
    page.end_of_cell()
    assert len(board.axes.lines[0].get_xdata()) == 50
    assert page.hooks == []


def test_each_cell_gets_a_figure_of_its_own(d2l, page):
    board = d2l.ProgressBoard()
    for _ in range(2):
        page.now += 10
        board.draw(0, 0, "a")
        page.end_of_cell()
        page.end_of_cell()  # Of a cell that does not draw
    assert len(page.figures) == 2


def test_a_board_that_should_not_display_does_not(d2l, page):
    d2l.ProgressBoard(display=False).draw(0, 0, "a")
    assert page.figures == page.hooks == []


def test_without_jupyter_there_are_points_but_no_page(d2l, monkeypatch):
    monkeypatch.setattr(d2l, "get_ipython", lambda: None)
    board = d2l.ProgressBoard()
    board.draw(0, 1, "a")
    assert board.data == {"a": [(0, 1)]}
    assert board.handle is None


def test_the_figure_is_not_shown_a_second_time_by_pyplot(d2l, page):
    before = d2l.plt.get_fignums()
    d2l.ProgressBoard().draw(0, 0, "a")
    assert d2l.plt.get_fignums() == before


def test_curves_have_the_looks_that_were_asked_for(d2l, page):
    board = d2l.ProgressBoard(
        "steps", "loss", (0, 5), (1, 100), "linear", "log", ["--", ":"], ["C3", "C1"], figsize=(2, 1)
    )
    for label in ("a", "b", "c"):
        board.draw(1, 10, label)
    page.end_of_cell()
    axes = board.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("steps", "loss")
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 5), (1, 100))
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "log")
    assert [line.get_linestyle() for line in axes.lines] == ["--", ":", "--"]
    assert [line.get_color() for line in axes.lines] == ["C3", "C1", "C3"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b", "c"]
    assert board.fig.get_size_inches().tolist() == [2, 1]


def test_a_board_draws_into_axes_that_it_is_given(d2l, page):
    fig, axes = d2l.plt.subplots()
    try:
        d2l.ProgressBoard(fig=fig, axes=axes).draw(0, 0, "a")
        assert len(axes.lines) == 1
        assert page.figures == [fig]
    finally:
        d2l.plt.close(fig)


def test_the_same_curves_give_the_same_bytes(d2l, page):
    def draw():
        board = d2l.ProgressBoard()
        board.draw(0, 1, "a")
        board.draw(1, 2, "b")
        page.end_of_cell()
        [(kind, as_svg)] = page.formats[-1:]
        assert isinstance(board.fig, kind)
        return as_svg(board.fig)

    first = draw()
    assert draw() == first
    assert "<dc:date>" not in first


def test_set_figsize_sets_the_size_in_inches(d2l, page):
    old = d2l.plt.rcParams["figure.figsize"]
    try:
        d2l.set_figsize()
        assert list(d2l.plt.rcParams["figure.figsize"]) == [3.5, 2.5]
        d2l.set_figsize((5, 1))
        assert list(d2l.plt.rcParams["figure.figsize"]) == [5, 1]
    finally:
        d2l.plt.rcParams["figure.figsize"] = old


def test_use_svg_display_needs_no_jupyter(d2l, page, monkeypatch):
    monkeypatch.setattr(d2l, "get_ipython", lambda: None)
    d2l.use_svg_display()
    assert page.formats == []


# Models


@pytest.fixture
def model(d2l):
    """A model with a trainer in the midst of its work; `calls` are the points that it draws."""
    model = d2l.Module()
    model.trainer = SimpleNamespace(train_batch_idx=15, num_train_batches=10, epoch=1, num_val_batches=4)
    model.calls = []
    model.board.draw = lambda x, y, label, every_n: model.calls.append((x, float(y), label, every_n))
    return model


def test_a_model_has_a_board_of_its_own_and_the_books_defaults(d2l):
    one, other = d2l.Module(), d2l.Module()
    assert one.board is not other.board
    assert (one.plot_train_per_epoch, one.plot_valid_per_epoch) == (2, 1)


def test_plot_finds_the_place_in_the_epoch(d2l, model):
    model.plot("loss", d2l.tensor(2.5), train=True)
    model.plot("acc", d2l.tensor(0.5), train=False)
    assert model.calls == [(1.5, 2.5, "train_loss", 5), (2, 0.5, "val_acc", 4)]
    assert model.board.xlabel == "epoch"


def test_plot_draws_even_if_there_are_fewer_batches_than_points(d2l, model):
    model.trainer.num_train_batches = 1
    model.plot("loss", d2l.tensor(2.5), train=True)
    assert model.calls[0][-1] == 1


def test_plot_needs_a_trainer(d2l):
    with pytest.raises(AssertionError, match="trainer"):
        d2l.Module().plot("loss", d2l.tensor(1.0), train=True)


def test_what_every_model_has_to_define(d2l, tab):
    model = d2l.Module()
    with pytest.raises(NotImplementedError):
        model.loss(*[None] * (4 if tab == "jax" else 2))
    with pytest.raises(AssertionError, match="net"):
        model.forward(d2l.ones(1))


def test_a_model_applies_its_net(d2l, tab, numpy_of):
    X = d2l.ones((2, 3))
    if tab == "jax":

        class Model(d2l.Module):
            def setup(self):
                self.net = lambda X: 2 * X

        model = Model()
        variables = model.apply_init((X,), d2l.get_key())
        assert dict(variables) == {}
        out = model.apply(variables, X)
    else:
        model = d2l.Module()
        model.net = lambda X: 2 * X
        out = model(X)
    assert numpy_of(out).tolist() == [[2, 2, 2]] * 2


def test_steps_take_all_but_the_last_of_a_batch_as_inputs(d2l, tab):
    class Model(d2l.Module):
        def forward(self, X, factor):
            return X * factor

        def loss(self, *args):
            if tab == "jax":
                params, inputs, y, state = args
                return ((params["p"] * state(*inputs) - y) ** 2).mean()
            y_hat, y = args
            return d2l.reduce_mean((y_hat - y) ** 2)

    model = Model()
    model.trainer = SimpleNamespace(train_batch_idx=0, num_train_batches=2, epoch=0, num_val_batches=1)
    model.board.display = False
    batch = d2l.tensor([1.0, 2.0]), d2l.tensor(3.0), d2l.tensor([1.0, 1.0])
    expected = ((3 - 1) ** 2 + (6 - 1) ** 2) / 2
    if tab == "jax":
        import jax

        state = jax.tree_util.Partial(model.forward)
        loss, grads = model.training_step({"p": 1.0}, batch, state)
        assert float(grads["p"]) == pytest.approx((3 - 1) * 3 + (6 - 1) * 6)
        model.validation_step({"p": 1.0}, batch, state)
    else:
        loss = model.training_step(batch)
        model.validation_step(batch)
    assert float(loss) == pytest.approx(expected)
    assert board_points(model) == {"train_loss": [(0, expected)], "val_loss": [(1, expected)]}


def board_points(model):
    return {label: [(x, pytest.approx(y)) for x, y in points] for label, points in model.board.data.items()}


def test_keras_knows_our_variables_each_once(d2l, tab):
    if tab != "tensorflow":
        pytest.skip("only Keras has to be told")
    import tensorflow as tf

    class Part(d2l.Module):
        def __init__(self, w):
            super().__init__()
            self.w = w
            self.frozen = tf.Variable(1.0, trainable=False)

    class Whole(d2l.Module):
        def __init__(self):
            super().__init__()
            self.v = self.tied = tf.Variable(2.0)
            self.part = Part(self.v)
            self.other = Part(tf.Variable(3.0))
            self.net = tf.keras.layers.Dense(1)

    model = Whole()
    model(tf.ones((2, 3)))
    assert sorted(v.numpy().size for v in model.trainable_variables) == [1, 1, 1, 3]
    assert len({id(v) for v in model.trainable_variables}) == 4
    assert len(model.variables) == 6


def test_keras_layers_know_whether_the_model_is_being_trained(d2l, tab):
    if tab != "tensorflow":
        pytest.skip("elsewhere the frameworks take care of this")
    import tensorflow as tf

    model = d2l.Module()
    model.net = tf.keras.layers.Dropout(0.5)
    X = tf.ones((10, 10))
    model.training = True
    assert 0 in model(X).numpy()
    model.training = False
    assert model(X).numpy().min() == 1
    assert 0 in model(X, training=True).numpy()


def test_mxnet_finds_arrays_and_gluons_parameters(d2l, tab):
    if tab != "mxnet":
        pytest.skip("the other frameworks find parameters themselves")
    from mxnet import context
    from mxnet.gluon import nn

    part, whole = d2l.Module(), d2l.Module()
    whole.w = whole.tied = d2l.ones(2)
    part.w, part.b = whole.w, d2l.zeros(3)
    whole.b, whole.part = d2l.zeros(1), part
    whole.w.attach_grad()
    assert [p.shape for p in whole.get_scratch_params()] == [(2,), (1,), (3,)]
    whole.set_scratch_params_device(context.cpu(1))
    assert {p.ctx for p in whole.get_scratch_params()} == {context.cpu(1)}
    assert whole.w is whole.tied is part.w
    whole.again, part.b[:] = [part], 3  # A part that is found twice
    whole.set_scratch_params_device(context.cpu(2))
    assert [p.shape for p in whole.get_scratch_params()] == [(2,), (1,), (3,)]
    assert (whole.w.sum(), part.b.sum()) == (2, 9)
    assert whole.parameters() == [whole.w]  # The others have no gradient
    assert whole.w.grad is not None
    assert whole.b.grad is None
    layers = d2l.Module()
    layers.net = nn.Dense(1, in_units=2)
    assert sorted(p.shape for p in layers.parameters().values()) == [(1,), (1, 2)]


# Data


@pytest.fixture
def data(d2l):
    class Data(d2l.DataModule):
        def __init__(self, batch_size=4):
            super().__init__()
            self.save_hyperparameters()
            rows = [[float(i), float(-i)] for i in range(10)]
            self.tensors = d2l.tensor(rows), d2l.tensor([row[0] * 100 for row in rows])

        def get_dataloader(self, train):
            return self.get_tensorloader(self.tensors, train)

    return Data()


def rows_of(loader, numpy_of):
    """Return the minibatches of an epoch; labels have to stay with their inputs."""
    batches = []
    for X, y in loader:
        X, y = numpy_of(X), numpy_of(y)
        np.testing.assert_array_equal(y, X[:, 0] * 100)
        np.testing.assert_array_equal(X[:, 1], -X[:, 0])
        batches.append([int(x) for x in X[:, 0]])
    return batches


def test_what_every_data_set_has_to_define(d2l):
    data = d2l.DataModule()
    assert (data.root, data.num_workers) == ("../data", 4)
    for method in (data.train_dataloader, data.val_dataloader):
        with pytest.raises(NotImplementedError):
            method()


def test_validation_data_come_in_order_and_the_last_batch_is_what_remains(data, numpy_of):
    loader = data.val_dataloader()
    for _ in range(2):
        assert rows_of(loader, numpy_of) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert len(loader) == 3


def test_training_data_are_shuffled_anew_in_every_epoch(d2l, data, numpy_of):
    d2l.set_seed(0)
    loader = data.train_dataloader()
    assert len(loader) == 3
    epochs = [rows_of(loader, numpy_of) for _ in range(5)]
    for epoch in epochs:
        assert [len(batch) for batch in epoch] == [4, 4, 2]
        assert sorted(itertools.chain(*epoch)) == list(range(10))
    assert len({str(epoch) for epoch in epochs}) > 1
    assert list(range(10)) not in [list(itertools.chain(*epoch)) for epoch in epochs]


def test_the_seed_fixes_the_order(d2l, data, numpy_of):
    def epochs():
        d2l.set_seed(3)
        loader = data.train_dataloader()
        return [rows_of(loader, numpy_of) for _ in range(2)]

    assert epochs() == epochs()


def test_a_loader_can_be_had_for_some_of_the_rows(data, numpy_of):
    loader = data.get_tensorloader(data.tensors, False, slice(3, 8))
    assert rows_of(loader, numpy_of) == [[3, 4, 5, 6], [7]]
    assert len(loader) == 2


def test_array_loader_counts_and_shuffles(d2l, tab, numpy_of):
    if tab not in ("jax", "mxnet"):
        pytest.skip("PyTorch and TensorFlow have loaders that are fast enough")
    arrays = (d2l.arange(6), d2l.arange(6) * 2)
    assert [len(d2l.ArrayLoader(arrays, size)) for size in (1, 3, 4, 6, 7)] == [6, 2, 2, 1, 1]
    [(a, b)] = d2l.ArrayLoader(arrays, 10)
    assert numpy_of(a).tolist() == list(range(6))
    d2l.set_seed(0)
    [(a, b)] = d2l.ArrayLoader(arrays, 10, shuffle=True)
    assert numpy_of(a).tolist() != list(range(6))
    np.testing.assert_array_equal(numpy_of(b), 2 * numpy_of(a))


# The trainer


class Untrained:
    """A model that leaves a record of what a trainer asks it for."""

    def __init__(self, d2l, tab):
        self.d2l, self.tab, self.asked = d2l, tab, []

    def configure_optimizers(self):
        self.asked.append("optimizer")
        return self.d2l.optax.sgd(0.1) if self.tab == "jax" else "the optimizer"

    def apply_init(self, dummy_input, key):
        self.asked.append(("init", [x.shape for x in dummy_input], set(key)))
        self.key = key["params"]
        return {"params": {"w": self.d2l.ones(2)}}

    board, plot_valid_per_epoch = "a board", 1

    def clone(self, evaluating):
        copy = Untrained(self.d2l, self.tab)
        copy.training = not evaluating
        return copy

    def apply(self):
        raise AssertionError("nobody should apply the model")


@pytest.fixture
def trainer(d2l):
    class Trainer(d2l.Trainer):
        def fit_epoch(self):
            self.epochs = [*getattr(self, "epochs", []), self.epoch]

    return Trainer(max_epochs=3)


def test_fit_prepares_everything_and_runs_the_epochs(d2l, tab, trainer, data):
    model = Untrained(d2l, tab)
    trainer.fit(model, data)
    assert trainer.epochs == [0, 1, 2]
    assert (trainer.num_train_batches, trainer.num_val_batches) == (3, 3)
    assert (trainer.train_batch_idx, trainer.val_batch_idx) == (0, 0)
    assert model.trainer is trainer
    assert trainer.model is model
    assert model.asked.count("optimizer") == 1
    if tab != "jax":
        assert trainer.optim == "the optimizer"


def test_fit_initializes_a_jax_model_with_its_key(d2l, tab, trainer, data):
    if tab != "jax":
        pytest.skip("elsewhere models initialize themselves")
    import jax

    model, other = Untrained(d2l, tab), Untrained(d2l, tab)
    trainer.fit(model, data, key=jax.random.key(5))
    assert model.asked[-1] == ("init", [(4, 2)], {"params", "dropout"})
    assert trainer.state.params["w"].tolist() == [1, 1]
    assert trainer.state.batch_stats == {}
    trainer.fit(other, data, key=jax.random.key(5))
    assert model.key == other.key
    evaluator = trainer.evaluator
    assert (evaluator.training, evaluator.trainer, evaluator.board) == (False, trainer, other.board)


def test_fit_starts_anew_each_time(d2l, tab, trainer, data):
    for _ in range(2):
        trainer.train_batch_idx = trainer.val_batch_idx = 99
        trainer.fit(Untrained(d2l, tab), data)
        assert (trainer.train_batch_idx, trainer.val_batch_idx) == (0, 0)
    assert trainer.epochs == [0, 1, 2] * 2


def test_data_without_validation(d2l, tab, trainer, data):
    data.val_dataloader = lambda: None
    trainer.fit(Untrained(d2l, tab), data)
    assert trainer.num_val_batches == 0


def test_a_trainer_takes_as_many_gpus_as_there_are(d2l, monkeypatch):
    monkeypatch.setattr(d2l, "gpu", lambda i=0: ("gpu", i))
    monkeypatch.setattr(d2l, "num_gpus", lambda: 2)
    assert d2l.Trainer(max_epochs=1).gpus == []
    assert d2l.Trainer(max_epochs=1, num_gpus=1).gpus == [("gpu", 0)]
    assert d2l.Trainer(max_epochs=1, num_gpus=4).gpus == [("gpu", 0), ("gpu", 1)]
    trainer = d2l.Trainer(5, gradient_clip_val=0.5)
    assert (trainer.max_epochs, trainer.gradient_clip_val) == (5, 0.5)


def test_the_model_goes_to_the_gpu(d2l, tab):
    if tab not in ("pytorch", "mxnet"):
        pytest.skip("JAX and TensorFlow place parameters by themselves")
    trainer, model = d2l.Trainer(max_epochs=1), d2l.Module()
    # Something other than where parameters are made, as far as a machine without GPUs has it
    if tab == "pytorch":
        from torch import nn

        model.net = nn.Linear(2, 1)
        trainer.gpus = ["meta"]
        trainer.prepare_model(model)
        assert {p.device.type for p in model.parameters()} == {"meta"}
    else:
        from mxnet import context
        from mxnet.gluon import nn

        model.net, model.w = nn.Dense(1, in_units=2), d2l.ones(2)
        model.net.initialize()
        trainer.gpus = [context.cpu(1)]
        trainer.prepare_model(model)
        assert model.w.ctx == context.cpu(1)
        assert model.net.weight.list_ctx() == [context.cpu(1)]
