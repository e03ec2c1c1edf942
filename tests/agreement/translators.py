"""What is compared of an encoder and a decoder, and what the cases have that compare such a pair."""

# ruff: noqa: N803, N806 (matrices have capital letters, as in the book)

import zlib
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import translation
from gates import keep_one_bias, recurrent
from kinds import DIRECTIONS, LR, Case, Layer, Model, Optimizer
from numpy.random import RandomState
from reference import adam

SOURCES, TARGETS = 5, 6
"""How many tokens the two vocabularies have."""
EMBED, HIDDENS, FFN = 3, 4, 5
LAYERS = 2


@dataclass(frozen=True, kw_only=True)
class Translator(Model):
    """The same of an encoder with a decoder, and the tokens that it writes itself, which must be equal.

    The decoder also gets its inputs in pieces, cut at the steps `pieces`, with the state that it returned
    for the last one. If it `attends`, its weights of attention are compared at each token that is written.
    """

    pieces: tuple[int, ...] = (1, 3)
    steps: int = 4
    attends: bool = False
    trained: bool = False
    draw: int = 36
    """Which random numbers: with most, a pair so small writes one token again and again."""
    bounds: ClassVar = {DIRECTIONS: 1e-3, "tokens written": 0}

    @property
    def random(self):
        return RandomState(zlib.crc32(f"{self.name}{self.draw}".encode()))

    def given(self):
        """Return the same, with normalizations whose scale is about 1."""
        params, batches, directions = super().given()
        return {n: v + n.endswith(".scale") for n, v in params.items()}, batches, directions

    def expected(self):
        params, ((sources, inputs, lens, _), *_), _ = self.given()

        def scores(tokens, kept):
            return self.output(params, sources, tokens, lens, *[kept] * self.attends)

        found = super().expected()
        found["outputs in pieces, with a state"] = found["outputs"]
        tokens, weights = translation.write(scores, self.steps, inputs[:, :1])
        assert len(np.unique(tokens)) > 2, "there is nothing to see in the tokens: try another draw"
        return found | self.written(tokens, weights)

    def measured(self, d2l, Subject):
        found = super().measured(d2l, Subject)
        params, batches, _ = self.given()
        it = Subject(d2l, self.make(d2l), batches[:1], self.places)
        it.set(params)
        found["outputs in pieces, with a state"] = it.decode_in_pieces(self.pieces)
        return found | self.written(*it.write(self.steps, self.attends))

    def written(self, tokens, weights):
        found = {"tokens written": tokens}
        if self.attends:
            found["weights of attention"] = np.concatenate([w.ravel() for w in weights])
        return found


def batch(random, size):
    """Return sources, inputs and targets, and how long the sources are; behind their ends are tokens, too."""
    sources, inputs, Y = (
        random.randint(0, high, (size, steps)) for high, steps in ((SOURCES, 5), (TARGETS, 4), (TARGETS, 4))
    )
    inputs[:, 0] = 0
    lens, ends = (1 + random.permutation(steps)[:size] for steps in (5, 4))
    Y[np.arange(4) >= ends[:, None]] = translation.PAD
    return sources, inputs, lens, Y


MEASURES = {
    "loss": ("loss", translation.loss),
    "loss of each token": ("loss", False, translation.losses),
    "accuracy": ("accuracy", translation.accuracy),
}
ENDS = {"source": "encoder.embedding", "target": "decoder.embedding", "dense": "decoder.dense"}
"""Where all pairs have what is no layer or block."""
TABS = ("pytorch", "jax", "tensorflow", "mxnet")


def gated(attends):
    """Return what a case has of the pair with gated recurrent units; each part has two layers.

    The decoder reads a vector of the encoder in addition to its inputs.
    """
    shapes = {"source.table": (SOURCES, EMBED), "target.table": (TARGETS, EMBED)}
    places = {tab: dict(ENDS) for tab in TABS}
    for part, first in (("encoder", EMBED), ("decoder", EMBED + HIDDENS)):
        for i in range(LAYERS):
            its_shapes, its_places = recurrent(
                "GRU", HIDDENS if i else first, HIDDENS, f"{part}.{i}.", f"{part}.rnn.rnns.{i}"
            )
            shapes |= its_shapes
            places = {tab: places[tab] | its_places[tab] for tab in TABS}
    if attends:
        layers = {"W_q": (HIDDENS, HIDDENS), "W_k": (HIDDENS, HIDDENS), "w_v": (HIDDENS, 1)}
        shapes |= {f"{name}.kernel": shape for name, shape in layers.items()}
        for tab in TABS:
            names = [f"Dense_{i}" for i in range(3)] if tab == "jax" else layers
            places[tab] |= {a: f"decoder.attention.{b}" for a, b in zip(layers, names, strict=True)}
    shapes |= {"dense.kernel": (HIDDENS, TARGETS), "dense.bias": (TARGETS,)}

    def make(d2l):
        sizes = EMBED, HIDDENS, LAYERS
        decoder = d2l.Seq2SeqAttentionDecoder if attends else d2l.Seq2SeqDecoder
        model = d2l.Seq2Seq(
            d2l.Seq2SeqEncoder(SOURCES, *sizes), decoder(TARGETS, *sizes), translation.PAD, LR
        )
        for part in (model.encoder, model.decoder):
            for layer in getattr(getattr(part, "rnn", None), "rnns", ()):  # Flax has none before it runs
                keep_one_bias(layer.rnn, "GRU")
        return model

    return {"make": make, "shapes": shapes, "places": places, "batch": batch}


def dense(inputs, outputs, bias=True):
    return {"kernel": (inputs, outputs)} | ({"bias": (outputs,)} if bias else {})


def attention(name, bias=False):
    return {f"{name}.W_{k}": dense(HIDDENS, HIDDENS, bias) for k in "qkvo"}


def named(layers, name=""):
    """Return the shapes of parameters by their whole names."""
    return {f"{name}{layer}.{part}": s for layer, parts in layers.items() for part, s in parts.items()}


NORM = {"scale": (HIDDENS,), "shift": (HIDDENS,)}
NETWORK = {"dense1": dense(HIDDENS, FFN), "dense2": dense(FFN, HIDDENS)}
TAIL = {f"ffn.{name}": parts for name, parts in NETWORK.items()} | {"addnorm1.ln": NORM, "addnorm2.ln": NORM}
ENCODER_BLOCK = attention("attention") | TAIL
ENCODER_BLOCK_WITH_BIASES = attention("attention", bias=True) | TAIL
DECODER_BLOCK = attention("attention1") | attention("attention2") | TAIL | {"addnorm3.ln": NORM}


def blocks(part, block):
    """Return the shapes of a stack of blocks."""
    return {key: s for i in range(LAYERS) for key, s in named(block, f"{part}.{i}.").items()}


def places_of_blocks(part, path):
    """Return where a stack of blocks is, or rather the layers in it, by framework."""
    layers = {*ENCODER_BLOCK, *DECODER_BLOCK}
    return {
        tab: {f"{part}.{i}.{name}": f"{path}blks{mark}{i}.{name}" for i in range(LAYERS) for name in layers}
        for tab in TABS
        for mark in ("_" if tab == "jax" else ".")
    }


SIZES = {"num_hiddens": HIDDENS, "ffn_num_hiddens": FFN, "num_heads": 2}
IN_ENCODER, IN_DECODER = (places_of_blocks(part, f"{part}.") for part in ("encoder", "decoder"))


def transformer(d2l):
    """Return an encoder and a decoder with blocks of attention."""
    rest = *SIZES.values(), LAYERS, 0.0
    parts = d2l.TransformerEncoder(SOURCES, *rest), d2l.TransformerDecoder(TARGETS, *rest)
    for part in parts:
        if hasattr(part, "initialize"):  # In MXNet, whoever makes the parts does it
            part.initialize()
    return d2l.Seq2Seq(*parts, translation.PAD, LR)


TRANSFORMER = {
    "shapes": {"source.table": (SOURCES, HIDDENS), "target.table": (TARGETS, HIDDENS)}
    | blocks("encoder", ENCODER_BLOCK)
    | blocks("decoder", DECODER_BLOCK)
    | {"dense.kernel": (HIDDENS, TARGETS), "dense.bias": (TARGETS,)},
    "make": transformer,
    "places": {tab: ENDS | IN_ENCODER[tab] | IN_DECODER[tab] for tab in TABS},
    "batch": batch,
}
ENCODER = {
    "shapes": {"source.table": (SOURCES, HIDDENS)} | blocks("encoder", ENCODER_BLOCK_WITH_BIASES),
    "places": {
        tab: {"source": "embedding"} | places for tab, places in places_of_blocks("encoder", "").items()
    },
}


def add_norm(d2l):
    """Return the layer, which needs a shape in PyTorch and an axis in TensorFlow."""
    shape = [kind for name, kind in (("torch", HIDDENS), ("tf", [-1])) if hasattr(d2l, name)]
    return d2l.AddNorm(*shape, 0.0)


def vectors(*names):
    return lambda random: {name: random.standard_normal((3, 5, HIDDENS)) for name in names}


def vectors_and_lens(random):
    return vectors("X")(random) | {"lens": np.array([3, 5, 1])}


def tokens_and_lens(random):
    return {"X": random.randint(0, SOURCES, (3, 5)), "lens": np.array([3, 5, 1])}


SEQ2SEQ: list[Case] = [
    Translator(
        name="Seq2Seq with Seq2SeqEncoder and Seq2SeqDecoder", **gated(attends=False),
        output=translation.seq2seq, measures=MEASURES, scale=1.0,
    ),
    Optimizer(
        name="Seq2Seq.configure_optimizers", **TRANSFORMER,
        step=lambda params, grads, memory: adam(params, grads, LR, memory), least=0.5,
    ),
]  # fmt: skip
TRANSFORMERS: list[Case] = [
    Translator(
        name="Seq2Seq with Seq2SeqAttentionDecoder", **gated(attends=True),
        output=translation.attentive_seq2seq, measures=MEASURES, scale=1.0, attends=True,
    ),
    Layer(
        name="PositionWiseFFN", make=lambda d2l: d2l.PositionWiseFFN(FFN, HIDDENS), shapes=named(NETWORK),
        inputs=vectors("X"), output=lambda params, X: translation.network(params, "", X),
    ),
    Layer(
        name="AddNorm", make=add_norm, shapes=named({"ln": NORM}), inputs=vectors("X", "Y"),
        output=lambda params, X, Y: translation.add_norm(params, "ln", X, Y),
    ),
    Layer(
        name="TransformerEncoderBlock", shapes=named(ENCODER_BLOCK_WITH_BIASES), inputs=vectors_and_lens,
        make=lambda d2l: d2l.TransformerEncoderBlock(*SIZES.values(), 0.0, True),
        output=translation.encoder_block,
    ),
    Layer(
        name="TransformerEncoder", **ENCODER, inputs=tokens_and_lens, output=translation.encoder,
        make=lambda d2l: d2l.TransformerEncoder(SOURCES, *SIZES.values(), LAYERS, 0.0, True),
    ),
    Translator(
        name="Seq2Seq with TransformerEncoder and TransformerDecoder", **TRANSFORMER, attends=True,
        output=translation.transformer, measures=MEASURES,
    ),
]  # fmt: skip
