"""Byte-pair encoding: no text gets lost, and the fast way to learn merges is the plain one."""

import itertools
import random
import re

import pytest

TEXT = "the sea, the seat and the tea\nseats at sea: the sea!  Teas?"
ADVERSARIAL = [
    "",
    " ",
    "\n\n \t  \r\n",
    "a",
    "aaaaaaa aaa aa a",
    "abababab ababab",
    "x  y   z ",
    "naïve café, 海の水 🌊🌊 👩‍👩‍👧",
    "e\u0301 \u00a0\u2003\u3000 \ufeff\x00\x1c\x85",
    "don't_stop 42 1,000.5 -- (ok)",
    "�",
]


def random_text(seed, alphabet="ab ", length=60):
    return "".join(random.Random(seed).choices(alphabet, k=length))


def plain_merges(text, num_merges):
    """Return merges by a method that scans the whole text, word by word, for every one of them."""
    words = re.findall(r"\s?\w+|\s?[^\w\s]+|\s", text)
    words = [[bytes([byte]) for byte in word.encode()] for word in words]
    merges = []
    for _ in range(num_merges):
        counts = {}
        for word in words:
            for pair in itertools.pairwise(word):
                counts[pair] = counts.get(pair, 0) + 1
        if not counts or max(counts.values()) < 2:
            break
        best = sorted(counts, key=lambda pair: (-counts[pair], pair))[0]
        merges.append(best)
        words = [plain_merge(word, best) for word in words]
    return merges


def plain_merge(word, pair):
    """Return a word after a pair was joined, from left to right."""
    joined = []
    for token in word:
        joined.append(token)
        if len(joined) > 1 and tuple(joined[-2:]) == pair:
            joined[-2:] = [b"".join(pair)]
    return joined


def plain_encode(bpe, text):
    """Return indices by a method that tries every merge on every word, in the order learned."""
    tokens = []
    for word in bpe.split(text):
        word = [bytes([byte]) for byte in word.encode()]
        for pair in bpe.merges:
            word = plain_merge(word, pair)
        tokens += word
    return [bpe.tokens.index(token) for token in tokens]


@pytest.fixture(scope="module")
def bpe(d2l):
    return d2l.BPE(TEXT, 20)


@pytest.mark.parametrize("text", [TEXT, *ADVERSARIAL])
def test_decoding_undoes_encoding(d2l, bpe, text):
    for encoding in (bpe, d2l.BPE(text, 50), d2l.BPE("", 5)):
        ids = encoding.encode(text)
        assert all(type(i) is int and 0 <= i < len(encoding) for i in ids)
        assert encoding.decode(ids) == text


def test_decoding_undoes_encoding_of_random_characters(d2l, bpe):
    anything = [chr(code) for code in range(0x11000) if not 0xD800 <= code < 0xE000]
    for seed in range(10):
        text = random_text(seed, anything, 200)
        assert bpe.decode(bpe.encode(text)) == text
        assert "".join(bpe.split(text)) == text


@pytest.mark.parametrize("text", [TEXT * 2, *ADVERSARIAL, *map(random_text, range(30))])
def test_merges_are_those_of_scanning_the_text(d2l, text):
    bpe = d2l.BPE(text, 30)
    assert bpe.merges == plain_merges(text, 30)
    for other in (text, TEXT, random_text(99)):
        assert bpe.encode(other) == plain_encode(bpe, other)


def test_the_example_by_hand(d2l):
    """Dots separate the words here: a space would be the first letter of the next one."""
    bpe = d2l.BPE("sea.sea.sea.seat.seat.tea.tea", 3)
    assert bpe.merges == [(b"e", b"a"), (b"s", b"ea"), (b"sea", b"t")]
    tokens = [bpe.tokens[i] for i in bpe.encode("teas")]
    assert tokens == [b"t", b"ea", b"s"]


def test_ties_go_to_the_first_in_the_alphabet_whatever_the_order_of_the_text(d2l):
    assert d2l.BPE("cd.ab.cd.ab", 2).merges == [(b"a", b"b"), (b"c", b"d")]
    assert d2l.BPE("ab.cd.ab.cd", 2).merges == [(b"a", b"b"), (b"c", b"d")]


def test_the_same_text_gives_the_same_tokens_and_fewer_merges_their_beginning(d2l):
    many = d2l.BPE(TEXT * 3, 40)
    assert d2l.BPE(TEXT * 3, 40).merges == many.merges
    few = d2l.BPE(TEXT * 3, 7)
    assert few.merges == many.merges[:7]
    cut = d2l.BPE("", 0)
    cut.set_merges(many.merges[:7])
    assert cut.tokens == few.tokens and cut.encode(TEXT) == few.encode(TEXT)


def test_learning_ends_when_no_pair_occurs_twice(d2l):
    bpe = d2l.BPE("sea sea tea", 1000)
    assert len(bpe.merges) < 5 and len(bpe) == 256 + len(bpe.merges)
    assert d2l.BPE("abc", 5).merges == d2l.BPE("", 5).merges == []
    assert d2l.BPE(TEXT, 0).merges == []


def test_the_vocabulary_begins_with_the_bytes_and_no_token_occurs_twice(d2l):
    for text in (TEXT * 3, *map(random_text, range(20))):
        bpe = d2l.BPE(text, 40)
        assert bpe.tokens[:256] == [bytes([i]) for i in range(256)]
        assert bpe.tokens[256:] == [left + right for left, right in bpe.merges]
        assert len(set(bpe.tokens)) == len(bpe)


def test_no_token_reaches_from_one_word_into_the_next(d2l):
    bpe = d2l.BPE("of the sea, of the sea " * 5, 100)
    assert b" the" in bpe.tokens and b"of" in bpe.tokens
    assert not any(re.search(rb"\S\s", token) for token in bpe.tokens)


def test_characters_that_were_never_seen_are_their_bytes(d2l, bpe):
    assert bpe.encode("海") == list("海".encode())
    assert bpe.encode("🌊") == list("🌊".encode())


def test_half_a_character_is_decoded_to_the_sign_of_replacement(bpe):
    assert bpe.decode([0xE6]) == "�"
    assert bpe.decode([ord("a"), 0xE6, 0xB5]) == "a�"


def test_indices_may_come_as_a_tensor(d2l, bpe):
    assert bpe.decode(d2l.tensor(bpe.encode("the sea"))) == "the sea"


def test_half_a_pair_of_surrogates_is_no_text(bpe):
    with pytest.raises(UnicodeEncodeError):
        bpe.encode("\ud800")


def test_learning_from_a_long_text_takes_no_scan_of_it_for_each_merge(d2l, monkeypatch):
    """A word is merged once at most for each of its bytes, however many merges there are."""
    text, calls = " ".join(random_text(seed, "abcdefgh", 8) for seed in range(300)), []
    merge = d2l.BPE.merge

    def counted(word, pair):
        calls.append(word)
        return merge(word, pair)

    monkeypatch.setattr(d2l.BPE, "merge", staticmethod(counted))
    merges = d2l.BPE(text * 20, 300).merges
    assert len(merges) == 300
    assert len(calls) < 300 * 30 < 300 * len(merges)
