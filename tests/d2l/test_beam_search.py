"""Beam search against all sequences one by one, and its greedy and its exact limit."""

import itertools
import math
import random

import pytest

N, STEPS, EOS = 4, 4, 3


def table(seed):
    """Return log probabilities of the next token after each one, by the one before."""
    generator = random.Random(seed)
    rows = [[generator.random() for _ in range(N)] for _ in range(N)]
    return [[math.log(value / sum(row)) for value in row] for row in rows]


def next_scores(rows):
    """Return a model whose next token depends on the last one alone; the first comes behind token 0."""
    return lambda sequences: [rows[tokens[-1] if tokens else 0] for tokens in sequences]


def log_probability(rows, tokens):
    return sum(rows[before][token] for before, token in itertools.pairwise([0, *tokens]))


def all_sequences():
    """Yield each sequence that ends with EOS or has STEPS tokens."""
    for length in range(1, STEPS + 1):
        for tokens in itertools.product(range(N), repeat=length):
            if EOS not in tokens[:-1] and (tokens[-1] == EOS or length == STEPS):
                yield list(tokens)


@pytest.mark.parametrize("alpha", [0, 0.75, 1])
@pytest.mark.parametrize("seed", range(5))
def test_enough_beams_find_every_sequence_in_its_order(d2l, seed, alpha):
    rows = table(seed)
    expected = {tuple(y): log_probability(rows, y) / len(y) ** alpha for y in all_sequences()}
    found = d2l.beam_search(next_scores(rows), N**STEPS, STEPS, EOS, alpha)
    assert {tuple(tokens): pytest.approx(score) for tokens, score in found} == expected
    assert [score for _, score in found] == sorted(expected.values(), reverse=True)


@pytest.mark.parametrize("seed", range(5))
def test_one_beam_takes_the_best_token_at_each_step(d2l, seed):
    rows, tokens = table(seed), []
    while len(tokens) < STEPS and tokens[-1:] != [EOS]:
        row = rows[tokens[-1] if tokens else 0]
        tokens.append(row.index(max(row)))
    assert [found for found, _ in d2l.beam_search(next_scores(rows), 1, STEPS, EOS)] == [tokens]


def test_two_beams_find_what_one_misses(d2l):
    tree = {(): (0.5, 0.4, 0.1), (0,): (0.3, 0.3, 0.4), (1,): (0.05, 0.05, 0.9)}

    def scores(sequences):
        return [[math.log(p) for p in tree[tuple(tokens)]] for tokens in sequences]

    assert d2l.beam_search(scores, 1, 2, 2, alpha=0) == [([0, 2], pytest.approx(math.log(0.2)))]
    assert d2l.beam_search(scores, 2, 2, 2, alpha=0)[0] == ([1, 2], pytest.approx(math.log(0.36)))


@pytest.mark.parametrize(("beam_size", "calls"), [(1, [1, 1, 1]), (2, [1, 2, 2])])
def test_the_model_is_called_once_a_step_for_all_live_beams(d2l, beam_size, calls):
    asked = []

    def scores(sequences):
        """The end is likely behind two tokens."""
        asked.append(len(sequences))
        rows = [(0.6, 0.3, 0.1), (0.5, 0.4, 0.1), (0.2, 0.1, 0.7)]
        return [[math.log(p) for p in rows[len(tokens)]] for tokens in sequences]

    found = d2l.beam_search(scores, beam_size, 4, eos=2, alpha=0)
    assert (asked, found[0][0]) == (calls, [0, 0, 2])


def test_without_an_end_all_sequences_have_all_steps(d2l):
    found = d2l.beam_search(next_scores(table(0)), 3, STEPS)
    assert [len(tokens) for tokens, _ in found] == [STEPS] * 3
