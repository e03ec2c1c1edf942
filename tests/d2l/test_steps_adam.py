"""`Steps.adam` is Adam as its paper states it, applied to the gradients that `Steps` returns."""

import numpy as np


def test_parameters_go_where_the_paper_says(d2l, floats, ids):
    rng = np.random.default_rng(3)
    batches = [(floats(rng.normal(size=(8, 4))), ids(rng.integers(0, 3, 8))) for _ in range(6)]
    model = d2l.SoftmaxRegression(num_outputs=3, lr=0.1)
    steps = d2l.Steps(model, batches[0][0])
    start = [rng.normal(size=p.shape).astype("float32") for p in steps.get()]

    expected = [p.astype("float64") for p in start]
    moments = [[np.zeros(p.shape) for p in start] for _ in range(2)]
    for t, batch in enumerate(batches, 1):
        steps.set([p.astype("float32") for p in expected])
        _, grads = steps.gradient(*batch)
        for p, m, v, g in zip(expected, *moments, grads, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g**2 - v)
            p -= 0.05 * (m / (1 - 0.9**t)) / np.sqrt(v / (1 - 0.999**t))

    steps.adam(start, batches, 0.05)
    for found, wanted, before in zip(steps.get(), expected, start, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=0, atol=2e-5)
        assert abs(found - before).max() > 0.01
