"""The functions that older programs call: what they compute, and how they are called."""

# ruff: noqa: N806 (matrices have capital letters, as in the book)

import itertools
import math

import numpy as np
import pytest

HIDDENS, VOCAB = 8, 4


def rnn(d2l):
    """Return the forward function of a program from that time, for any framework."""

    def forward(inputs, state, params):
        W_xh, W_hh, b_h, W_hq, b_q = params
        (H,), scores = state, []
        for t in range(inputs.shape[0]):
            H = d2l.tanh(d2l.matmul(inputs[t], W_xh) + d2l.matmul(H, W_hh) + b_h)
            scores.append(d2l.matmul(H, W_hq) + b_q)
        return d2l.concat(scores, 0), (H,)

    return forward


def values():
    """Return parameters as NumPy's arrays."""
    rng = np.random.default_rng(0)
    shapes = ((VOCAB, HIDDENS), (HIDDENS, HIDDENS), (HIDDENS,), (HIDDENS, VOCAB), (VOCAB,))
    return [rng.normal(0, 0.3, shape) for shape in shapes]


def make_net(d2l, tab):
    """Return a network with these parameters, and the device or nothing for the calls below."""

    def get_params(vocab_size, num_hiddens, *device):
        params = [d2l.tensor(value.tolist(), dtype=d2l.float32) for value in values()]
        if tab == "tensorflow":
            import tensorflow as tf

            return [tf.Variable(param) for param in params]
        for param in params:
            if tab == "pytorch":
                param.requires_grad_()
            elif tab == "mxnet":
                param.attach_grad()
        return params

    def init_state(batch_size, num_hiddens, *device):
        return (d2l.zeros((batch_size, num_hiddens)),)

    if tab == "tensorflow":
        return d2l.RNNModelScratch(VOCAB, HIDDENS, init_state, rnn(d2l), get_params), ()
    return d2l.RNNModelScratch(VOCAB, HIDDENS, d2l.cpu(), get_params, init_state, rnn(d2l)), (d2l.cpu(),)


def epoch(d2l, tab, net, batches, lr, use_random_iter=False):
    """Train for one epoch; return the perplexity."""
    device = () if tab == "tensorflow" else (d2l.cpu(),)
    loss, updater = d2l.updater_ch8(lr) if tab == "tensorflow" else d2l.updater_ch8(net, lr, d2l.cpu())
    return d2l.train_epoch_ch8(net, batches, loss, updater, *device, use_random_iter)[0]


def reference(corpus, restart):
    """Return the perplexity of a text in NumPy; the state is zero again after `restart` characters."""
    W_xh, W_hh, b_h, W_hq, b_q = values()
    H, total = np.zeros(HIDDENS), 0.0
    for i, (x, y) in enumerate(itertools.pairwise(corpus)):
        if i % restart == 0:
            H = np.zeros(HIDDENS)
        H = np.tanh(W_xh[x] + H @ W_hh + b_h)
        scores = H @ W_hq + b_q
        total += math.log(np.exp(scores).sum()) - scores[y]
    return math.exp(total / (len(corpus) - 1))


def text(n=61):
    return np.random.default_rng(1).integers(0, VOCAB, n).tolist()


def batches_of(d2l, corpus, num_steps):
    """Return minibatches of one piece, in the order of the text."""
    X, Y = corpus[:-1], corpus[1:]
    return [
        tuple(d2l.tensor([part[i : i + num_steps]]) for part in (X, Y)) for i in range(0, len(X), num_steps)
    ]


def test_laps_are_summed_and_averaged(d2l):
    timer = d2l.Timer()
    assert timer.stop() >= 0
    assert len(timer.times) == 1
    timer.times = [1.0, 2.0, 4.0]
    assert (timer.sum(), timer.cumsum()) == (7, [1, 3, 7])
    assert timer.avg() == pytest.approx(7 / 3)


def test_sums_grow_and_a_missing_one_is_an_error(d2l):
    metric = d2l.Accumulator(2)
    metric.add(d2l.tensor(1.5), 2)
    metric.add(0.5, 3)
    assert (metric[0], metric[1]) == (2, 5)
    with pytest.raises(ValueError, match="zip"):
        metric.add(1)
    metric.reset()
    assert metric[0] == metric[1] == 0


def test_curves_take_numbers_lists_tensors_and_gaps(d2l):
    animator = d2l.Animator(xlabel="epoch", legend=["a", "b"], xlim=[10, 2])
    animator.add(1, [0.5, None])
    animator.add(2, (d2l.tensor(0.25), 1))
    animator.plot()
    assert animator.X == [[1, 2], [2]]
    assert animator.Y == [[0.5, 0.25], [1]]
    one = d2l.Animator(nrows=1, ncols=2)
    one.add(1, d2l.tensor(3.0))
    one.axes[1].plot([1, 2])
    assert one.Y == [[3]]


def test_sgd_divides_by_the_batch_size(d2l, tab, numpy_of):
    w = d2l.tensor([2.0])
    if tab == "jax":
        [w] = d2l.sgd([w], [d2l.tensor([20.0])], 0.1, 2)
    elif tab == "tensorflow":
        import tensorflow as tf

        w = tf.Variable(w)
        d2l.sgd([w], [d2l.tensor([20.0])], 0.1, 2)
    elif tab == "pytorch":
        w.requires_grad_()
        (10 * w).sum().backward()
        d2l.sgd([w], 0.2, 2)
        assert w.grad == 0
    else:
        from mxnet import autograd

        w.attach_grad()
        with autograd.record():
            y = 20 * w
        y.backward()
        d2l.sgd([w], 0.1, 2)
    assert numpy_of(w) == pytest.approx(1)


def test_random_pieces_do_not_overlap(d2l, numpy_of):
    d2l.set_seed(0)
    found = [(numpy_of(X), numpy_of(Y)) for X, Y in d2l.seq_data_iter_random(range(100), 3, 7)]
    pieces = np.concatenate([X for X, _ in found])
    assert all((X + 1 == Y).all() for X, Y in found)
    assert all((row == row[0] + np.arange(7)).all() for row in pieces)
    assert len(set(pieces.ravel().tolist())) == pieces.size
    assert pieces.size in (12 * 7, 9 * 7)  # As many as fill minibatches of three


def test_sequential_rows_continue_each_other(d2l, numpy_of):
    found = [(numpy_of(X), numpy_of(Y)) for X, Y in d2l.seq_data_iter_sequential(range(100), 3, 7)]
    assert len(found) == 4
    assert all((X + 1 == Y).all() for X, Y in found)
    assert all((X[:, -1] + 1 == later[:, 0]).all() for (X, _), (later, _) in itertools.pairwise(found))


def test_the_loader_begins_anew(d2l, monkeypatch):
    monkeypatch.setattr(d2l, "read_time_machine", lambda: ["the time machine", "", "by h g wells"] * 20)
    loader, vocab = d2l.load_data_time_machine(2, 5, max_tokens=100)
    assert len(loader.corpus) == 100
    assert "".join(vocab.to_tokens(loader.corpus[:19])) == "the time machineby "
    for use_random_iter in (False, True):
        loader, _ = d2l.load_data_time_machine(2, 5, use_random_iter)
        for _ in range(2):
            assert {tuple(X.shape) for X, _ in loader} == {(2, 5)}


def test_an_unknown_kind_of_token_is_an_error(d2l):
    assert d2l.tokenize(["a bc"]) == [["a", "bc"]]
    assert d2l.tokenize(["a b"], "char") == [["a", " ", "b"]]
    with pytest.raises(ValueError, match="'letter'"):
        d2l.tokenize(["a"], "letter")


@pytest.mark.parametrize(("use_random_iter", "restart"), [(False, 100), (True, 5)])
def test_the_state_goes_on_in_sequential_order_alone(use_random_iter, restart, d2l, tab):
    net, _ = make_net(d2l, tab)
    found = epoch(d2l, tab, net, batches_of(d2l, text(), 5), 0, use_random_iter)
    assert found == pytest.approx(reference(text(), restart), rel=1e-5)


def test_a_clipped_gradient_has_the_length_asked_for(d2l, tab, numpy_of):
    """A step of length 1 at most, however steep the loss is."""
    net, device = make_net(d2l, tab)
    [(X, Y)] = batches_of(d2l, text(9), 8)
    d2l.step_ch8(net, X, d2l.reshape(Y, (-1,)), net.begin_state(1, *device), *steep(d2l, tab, net))
    params = net.trainable_variables if tab == "tensorflow" else net.params
    moved = [numpy_of(p) - value for p, value in zip(params, values(), strict=True)]
    assert math.sqrt(sum((m**2).sum() for m in moved)) == pytest.approx(1, rel=1e-4)


def steep(d2l, tab, net):
    """Return a thousand times the loss, and an updater with a learning rate of 1."""
    loss, updater = d2l.updater_ch8(1) if tab == "tensorflow" else d2l.updater_ch8(net, 1, d2l.cpu())
    return (lambda a, b: 1000 * loss(a, b)), updater


def test_training_learns_a_cycle_and_writes_it(d2l, tab, capsys):
    """With a whole number as the learning rate, which Keras itself refuses."""
    d2l.set_seed(0)
    net, device = make_net(d2l, tab)
    vocab = d2l.Vocab(list("abc"))
    corpus = vocab[list("abc" * 40)]

    class Loader:
        def __iter__(self):
            return d2l.seq_data_iter_sequential(corpus, 2, 6)

    if tab == "tensorflow":
        import tensorflow as tf

        device = (tf.distribute.OneDeviceStrategy("/CPU:0"),)
    d2l.train_ch8(net, Loader(), vocab, 1, 1, *device)
    assert "tokens/sec" in capsys.readouterr().out
    for _ in range(20):
        perplexity = epoch(d2l, tab, net, Loader(), 1)
    assert perplexity < 1.3
    assert d2l.predict_ch8("ab", 4, net, vocab, *(() if tab == "tensorflow" else device)) == "abcabc"


def test_the_older_name_of_classifiers_is_known(d2l):
    assert d2l.Classification is d2l.Classifier
