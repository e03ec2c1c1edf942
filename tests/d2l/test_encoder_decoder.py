"""The base classes of encoders and decoders pass on what they should, also for the Transformer's halves."""

# ruff: noqa: N803 (tensors have capital letters, as in the book)

import numpy as np
import pytest

SRC = np.array([[4, 2, 3, 0], [1, 5, 0, 0], [2, 2, 2, 2]])
LENS = np.array([3, 2, 4])
TGT = np.array([[1, 3, 2], [1, 2, 5], [1, 0, 4]])
SIZES = 8, 16, 2, 1, 0.0  # num_hiddens, ffn_num_hiddens, num_heads, num_blks, dropout


@pytest.fixture
def halves(d2l):
    """The classes of an encoder that adds up what counts, and of a decoder that adds up what it reads."""

    class Adder(d2l.Encoder):
        def forward(self, X, valid_lens, factor=1):
            counts = d2l.arange(X.shape[1], dtype=X.dtype) < valid_lens[:, None]
            return factor * d2l.reduce_sum(X * d2l.astype(counts, X.dtype), 1)

    class Follower(d2l.Decoder):
        def init_state(self, enc_all_outputs, valid_lens, factor=1):
            return [enc_all_outputs, valid_lens * 1000 * factor]

        def forward(self, X, state):
            total, tail = state
            scores = []
            for t in range(X.shape[1]):
                total = total + X[:, t]
                scores.append(d2l.stack([total, tail, X[:, t]], 1))
            return d2l.stack(scores, 1), [total, tail]

    return Adder, Follower


def expected(factor=1):
    found = np.zeros((3, 3, 3), int)
    for i, (row, length) in enumerate(zip(SRC, LENS, strict=True)):
        total = factor * sum(row[:length])
        for t, token in enumerate(TGT[i]):
            total += token
            found[i, t] = total, 1000 * length * factor, token
    return found


@pytest.mark.parametrize("kind", ["Encoder", "Decoder"])
def test_base_classes_compute_nothing(d2l, ids, kind):
    base = getattr(d2l, kind)()
    assert isinstance(base, d2l.Module)
    with pytest.raises(NotImplementedError):
        base.forward(ids(SRC), ids(LENS))
    if kind == "Decoder":
        with pytest.raises(NotImplementedError):
            base.init_state(ids(SRC), ids(LENS))


def test_the_encoder_gets_sources_and_the_decoder_inputs(d2l, ids, numpy_of, halves):
    encoder, decoder = halves
    model = d2l.EncoderDecoder(encoder(), decoder())
    assert isinstance(model, d2l.Classifier)
    scores = model(ids(SRC), ids(TGT), ids(LENS))
    np.testing.assert_array_equal(numpy_of(scores), expected())


def test_further_arguments_reach_the_encoder_and_the_first_state(d2l, ids, numpy_of, halves):
    encoder, decoder = halves
    model = d2l.EncoderDecoder(encoder(), decoder())
    factor = ids([7, 7, 7])
    np.testing.assert_array_equal(numpy_of(model(ids(SRC), ids(TGT), ids(LENS), factor)), expected(7))


def test_one_token_at_a_time_gives_the_same_scores(d2l, ids, numpy_of, halves):
    encoder, decoder = (half() for half in halves)
    state = decoder.init_state(encoder(ids(SRC), ids(LENS)), ids(LENS))
    found = []
    for t in range(3):
        scores, state = decoder(ids(TGT[:, t : t + 1]), state)
        found.append(numpy_of(scores))
    np.testing.assert_array_equal(np.concatenate(found, 1), expected())


@pytest.fixture
def transformer(d2l, tab):
    """A function that makes an encoder and a decoder of the Transformer, in a model with a learning rate."""

    class Model(d2l.EncoderDecoder):
        if tab == "jax":
            tgt_pad: int
            lr: float
        else:

            def __init__(self, encoder, decoder, tgt_pad, lr):
                super().__init__(encoder, decoder)
                self.save_hyperparameters(ignore=["encoder", "decoder"])

    def make(vocab_sizes):
        src, tgt = vocab_sizes
        model = Model(d2l.TransformerEncoder(src, *SIZES), d2l.TransformerDecoder(tgt, *SIZES), 2, 0.3)
        model.board.display = False
        return model

    return make


def test_the_halves_of_the_transformer_fit(d2l, ids, numpy_of, transformer):
    d2l.set_seed(0)
    model = d2l.with_params(transformer((6, 9)), ids(SRC), ids(TGT), ids(LENS))
    scores = numpy_of(model(ids(SRC), ids(TGT), ids(LENS)))
    vectors = model.encoder(ids(SRC), ids(LENS))
    by_hand, _ = model.decoder(ids(TGT), model.decoder.init_state(vectors, ids(LENS)))
    assert scores.shape == (3, 3, 9)
    np.testing.assert_allclose(scores, numpy_of(by_hand), atol=1e-6)
    other = np.where(np.arange(4) < LENS[:, None], SRC, 5)  # In the padding
    np.testing.assert_allclose(scores, numpy_of(model(ids(other), ids(TGT), ids(LENS))), atol=1e-6)


def test_both_halves_are_trained_on_pairs(d2l, tab, numpy_of, transformer):
    d2l.set_seed(0)
    data = d2l.NumberWords(batch_size=32, num_train=320, num_val=32, limit=400 + 1)
    model = transformer((len(data.src_vocab), len(data.tgt_vocab)))
    batch = next(iter(data.train_dataloader()))
    if tab == "pytorch":
        model.apply_init(batch[:-1])
    if tab == "mxnet":
        model.initialize()
    trainer = d2l.Trainer(max_epochs=6)
    before = {}

    def halves():
        """Return the parameters of each half, as one vector."""
        if tab == "jax":
            import jax

            params = trainer.state.params
            leaves = {half: jax.tree.leaves(params[half]) for half in ("encoder", "decoder")}
        elif tab == "pytorch":
            leaves = {half: [*getattr(model, half).parameters()] for half in ("encoder", "decoder")}
        elif tab == "tensorflow":
            leaves = {half: getattr(model, half).trainable_variables for half in ("encoder", "decoder")}
        else:
            leaves = {
                half: [p.data() for p in getattr(model, half).collect_params().values()]
                for half in ("encoder", "decoder")
            }
        return {half: np.concatenate([numpy_of(a).ravel() for a in some]) for half, some in leaves.items()}

    fit_epoch = trainer.fit_epoch

    def first_looks():
        if not before and trainer.epoch:
            before.update(halves())  # After the first epoch, when all parameters are made
        fit_epoch()

    trainer.fit_epoch = first_looks
    trainer.fit(model, data)
    after = halves()
    losses = [loss for _, loss in model.board.data["val_loss"]]
    assert losses[-1] < 0.8 * losses[0]
    for half in ("encoder", "decoder"):
        assert abs(after[half] - before[half]).max() > 1e-3
