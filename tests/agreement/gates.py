"""Where the frameworks' recurrent layers have their parameters, and how to make these the same.

A layer has the parameters of all gates in a few large matrices, or each on its own as in Flax. Here they
are ``x`` and a gate's letter for what meets the inputs, ``h`` and the letter for what meets the states.
"""

import re

import numpy as np

PARTS = {
    "pytorch": ("rnn.weight_ih_l0", "rnn.bias_ih_l0", "rnn.weight_hh_l0"),
    "tensorflow": ("rnn.cell.kernel", "rnn.cell.bias", "rnn.cell.recurrent_kernel"),
    "mxnet": ("rnn.l0_i2h_weight", "rnn.l0_i2h_bias", "rnn.l0_h2h_weight"),
}
"""The weights of inputs, biases, and the weights of states, of all gates."""
GATES = {"RNN": ([""],) * 3, "LSTM": ("ifco", "ifco", "ifgo"), "GRU": ("rzn", "zrn", "rzn")}
"""The gates' letters in the order of PyTorch and MXNet, in that of Keras, and Flax's for the first."""


def keep_one_bias(layer, kind):
    """Set the second bias to zero of a layer that has one; there it stays.

    Two biases move twice as far as one, which is no disagreement about the model. The second bias of gated
    recurrent units has a use in one part: they cannot be trained alike.
    """
    if hasattr(layer, "bias_hh_l0"):
        layer.bias_hh_l0.requires_grad_(False).zero_().requires_grad_(kind == "GRU")
    elif hasattr(layer, "l0_h2h_bias"):
        layer.l0_h2h_bias.grad_req = "write" if kind == "GRU" else "null"


def recurrent(kind, num_inputs, num_hiddens, name="", path="rnn"):
    """Return the shapes of a layer's parameters, and where the frameworks have them.

    `path` leads to the library's class, in whose attribute `rnn` the framework's layer is. The
    parameters have names that begin with `name`.
    """

    def block(number):
        return np.s_[..., number * num_hiddens : (number + 1) * num_hiddens]

    gates, in_keras, in_flax = GATES[kind]
    at = {tab: [f"{path}.{part}" for part in parts] for tab, parts in PARTS.items()}
    cell = re.sub(r"\.(\d+)", r"_\1", path) + ".rnn.cell"  # In Flax
    shapes, places = {}, {tab: {} for tab in (*PARTS, "jax")}
    for gate, letter in zip(gates, in_flax, strict=True):
        names = [name + part for part in (f"x{gate}.kernel", f"x{gate}.bias", f"h{gate}.kernel")]
        sizes = ((num_inputs, num_hiddens), (num_hiddens,), (num_hiddens, num_hiddens))
        shapes |= zip(names, sizes, strict=True)
        for tab, parts in at.items():
            part = block((in_keras if tab == "tensorflow" else gates).index(gate))
            places[tab] |= {n: (place, part) for n, place in zip(names, parts, strict=True)}
        places["jax"] |= {f"{name}x{gate}": f"{cell}.i{letter}", f"{name}h{gate}": f"{cell}.h{letter}"}
        if kind == "LSTM":
            places["jax"][f"{name}x{gate}.bias"] = f"{cell}.h{letter}.bias"
    if kind == "GRU":
        shapes[f"{name}hn.bias"] = (num_hiddens,)
        places["pytorch"][f"{name}hn.bias"] = (f"{path}.rnn.bias_hh_l0", block(2))
        places["mxnet"][f"{name}hn.bias"] = (f"{path}.rnn.l0_h2h_bias", block(2))
        places["tensorflow"] |= {
            f"{name}{row}{gate}.bias": (at["tensorflow"][1], ("xh".index(row), *block("zrn".index(gate))[1:]))
            for row, gate in ("xz", "xr", "xn", "hn")
        }
    return shapes, places
