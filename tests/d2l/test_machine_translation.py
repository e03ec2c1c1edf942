"""Pairs of sequences: number words read back by a grammar, arrays, loaders, and a file of sentences."""

import hashlib
import io
import os
import re
import zipfile
from collections import Counter

import numpy as np
import pytest
from matplotlib import pyplot as plt

SPECIAL = ["<bos>", "<eos>", "<pad>", "<unk>"]
ENGLISH = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
GERMAN = {
    "ein": 1, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8,
    "neun": 9, "zehn": 10, "elf": 11, "zwölf": 12, "dreizehn": 13, "vierzehn": 14, "fünfzehn": 15,
    "sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19, "zwanzig": 20, "dreißig": 30,
    "vierzig": 40, "fünfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90,
}  # fmt: skip
ZIP = "fra-eng.zip"
SENTENCES = [
    "Go.\tVa !\tCC-BY 2.0 (France)",
    "Go on.\tVa.\tCC-BY",
    "He sang.\tIl a chanté.",
    "He ran.\tIl\u202fa\xa0couru\u202f!",
    "Go, run!\tVa, cours\u202f!",
    "He left?\tIl est parti\u202f?",
    "a line without its other half",
    "They left, left!\tParti, parti\u202f!",
    "Too late.\tTrop tard.",
]


def matched(values, last_one, units_first):
    """Return a function that reads words by a grammar, and returns the number or None."""
    units = "|".join(w for w, v in values.items() if v < 10 and w != last_one)
    others = "|".join(w for w, v in values.items() if 9 < v < 20)
    tens = "|".join(w for w, v in values.items() if v > 19)
    both = f"(?:{units}) und (?:{tens})" if units_first else f"(?:{tens}) (?:{units})"
    hundred, thousand = ("hundert", "tausend") if units_first else ("hundred", "thousand")
    final = re.sub("^ein", last_one, units) if last_one else units  # A German 1 that ends the number

    def below_1000(name, ones):
        return rf"(?:(?P<{name}h>{units}) {hundred})?(?: ?(?P<{name}>{both}|{others}|{tens}|{ones}))?"

    pattern = re.compile(rf"(?:{below_1000('t', units)} {thousand})?(?: ?{below_1000('r', final)})?")

    def read(words):
        found = pattern.fullmatch(" ".join(words))
        if not found or not words:
            return None
        parts = {name: found[name] or "" for name in ("th", "t", "rh", "r")}
        n = {name: sum(values[w] for w in part.split() if w != "und") for name, part in parts.items()}
        return 1000 * (100 * n["th"] + n["t"]) + 100 * n["rh"] + n["r"]

    return read


READ_ENGLISH = matched(ENGLISH, None, units_first=False)
READ_GERMAN = matched(GERMAN, "eins", units_first=True)
NUMBERS = [*range(1, 1300), *range(1300, 100_000, 97), 100_000, 101_101, 201_001, 999_999, 321_000, 100_001]


def rows_of(numpy_of, loader):
    return [np.concatenate([*map(numpy_of, parts)]) for parts in zip(*loader, strict=True)]


# Number words


def test_the_grammar_refuses_what_is_wrong():
    assert READ_ENGLISH(["three", "hundred", "twenty", "one"]) == 321
    assert READ_GERMAN(["drei", "hundert", "ein", "und", "zwanzig"]) == 321
    for wrong in ("twenty eleven", "one twenty", "hundred one", "one thousand thousand", "and one", ""):
        assert READ_ENGLISH(wrong.split()) is None
    for wrong in (
        "zwanzig ein",
        "eins und zwanzig",
        "ein hundert ein",
        "eins hundert",
        "eins tausend",
        "und",
    ):
        assert READ_GERMAN(wrong.split()) is None


@pytest.mark.parametrize("numbers", [NUMBERS[:1299], NUMBERS[1299:]], ids=["below 1300", "above"])
def test_number_words_are_read_back(d2l, numbers):
    for n in numbers:
        assert READ_ENGLISH(d2l.english(n)) == n, d2l.english(n)
        assert READ_GERMAN(d2l.german(n)) == n, d2l.german(n)


@pytest.mark.parametrize(
    ("n", "english", "german"),
    [
        (1, "one", "eins"),
        (11, "eleven", "elf"),
        (21, "twenty one", "ein und zwanzig"),
        (40, "forty", "vierzig"),
        (101, "one hundred one", "ein hundert eins"),
        (1000, "one thousand", "ein tausend"),
        (1001, "one thousand one", "ein tausend eins"),
        (21_016, "twenty one thousand sixteen", "ein und zwanzig tausend sechzehn"),
        (101_317, "one hundred one thousand three hundred seventeen",
         "ein hundert ein tausend drei hundert siebzehn"),
    ],
)  # fmt: skip
def test_some_numbers(d2l, n, english, german):
    assert (" ".join(d2l.english(n)), " ".join(d2l.german(n))) == (english, german)


# Arrays


def reference(text, num_steps, num_train):
    """Return the four arrays and both vocabularies of lines that need no cleaning, token by token."""
    halves = [[[*line.split("\t")[i].split(), "<eos>"] for line in text.splitlines()] for i in (0, 1)]
    vocabs, rows = [], []
    for half in halves:
        counts = Counter(token for sentence in half[:num_train] for token in sentence)
        vocab = sorted({*SPECIAL, *(token for token, n in counts.items() if n > 1)})
        vocabs.append(vocab)
        rows.append(np.full((len(half), num_steps), vocab.index("<pad>")))
        for i, sentence in enumerate(half):
            for t, token in enumerate(sentence[:num_steps]):
                rows[-1][i, t] = vocab.index(token if token in vocab else "<unk>")
    inputs = np.full_like(rows[1], vocabs[1].index("<bos>"))
    inputs[:, 1:] = rows[1][:, :-1]
    lens = np.array([min(num_steps, len(sentence)) for sentence in halves[0]])
    return (rows[0], inputs, lens, rows[1]), vocabs


@pytest.mark.parametrize(("num_steps", "limit"), [(10, 100_000), (6, 5000), (3, 1000)])
def test_arrays_are_those_of_a_slow_reference(d2l, tab, numpy_of, num_steps, limit):
    data = d2l.NumberWords(4, num_steps, num_train=40, num_val=8, limit=limit)
    expected, vocabs = reference(data._download(), num_steps, 40)
    assert data.src_vocab.idx_to_token == vocabs[0] and data.tgt_vocab.idx_to_token == vocabs[1]
    assert len(data.arrays) == 4
    for found, wanted in zip(data.arrays, expected, strict=True):
        found = numpy_of(found)
        assert found.dtype == (np.int64 if tab == "pytorch" else np.int32)
        np.testing.assert_array_equal(found, wanted)
    ends = (expected[3] == vocabs[1].index("<eos>")).any(1)
    assert ends.all() == (num_steps == 10)  # The others cut some targets


def test_the_defaults_lose_no_token(d2l, numpy_of):
    data = d2l.NumberWords(64)
    src, _, lens, tgt = map(numpy_of, data.arrays)
    assert src.shape == tgt.shape == (2560, 10) and lens.max() == 8
    for rows, vocab in ((src, data.src_vocab), (tgt, data.tgt_vocab)):
        assert ((rows == vocab["<eos>"]).sum(1) == 1).all()
        assert (rows != vocab["<unk>"]).all()
        assert vocab.idx_to_token[:4] == SPECIAL
    assert (len(data.src_vocab), len(data.tgt_vocab)) == (33, 35)


def test_pairs_belong_together_and_no_number_comes_twice(d2l):
    pairs = [line.split("\t") for line in d2l.NumberWords(64)._download().splitlines()]
    numbers = [READ_ENGLISH(source.split()) for source, _ in pairs]
    assert numbers == [READ_GERMAN(target.split()) for _, target in pairs]
    assert len({*numbers}) == len(numbers) == 2560
    assert min(numbers) >= 1 and 90_000 < max(numbers) < 100_000


def test_the_corpus_is_always_the_same(d2l):
    sizes = {"num_train": 30, "num_val": 5, "limit": 500}
    texts = []
    for seed in range(2):
        d2l.set_seed(seed)
        texts.append(d2l.NumberWords(4, **sizes)._download())
    assert texts[0] == texts[1]
    with pytest.raises(ValueError):
        d2l.NumberWords(4, num_train=500, num_val=5, limit=500)  # There are not so many


def test_loaders_have_their_own_rows(d2l, numpy_of):
    d2l.set_seed(0)
    data = d2l.NumberWords(16, num_train=40, num_val=9)
    arrays = [numpy_of(a) for a in data.arrays]
    for found, all_rows in zip(rows_of(numpy_of, data.val_dataloader()), arrays, strict=True):
        np.testing.assert_array_equal(found, all_rows[40:])
    wanted = Counter(zip(*([a.tobytes() for a in rows[:40]] for rows in arrays), strict=True))
    epochs = []
    for _ in range(2):
        rows = rows_of(numpy_of, data.train_dataloader())
        epochs.append([*zip(*([a.tobytes() for a in part] for part in rows), strict=True)])
        assert Counter(epochs[-1]) == wanted
    assert epochs[0] != epochs[1]
    assert (len(data.train_dataloader()), len(data.val_dataloader())) == (3, 1)


def test_build_takes_the_vocabularies_of_the_data(d2l, numpy_of):
    data = d2l.NumberWords(4, num_steps=6, num_train=600, num_val=2)
    sources, targets = ["Nine hundred two", "two zebras", "two"], ["neun hundert zwei", "zwei zebras", "zwei"]
    src, inputs, lens, tgt = map(numpy_of, data.build(sources, targets))
    to_source, to_target = data.src_vocab.to_tokens, data.tgt_vocab.to_tokens
    assert to_source(src) == [
        ["nine", "hundred", "two", "<eos>", "<pad>", "<pad>"],
        ["two", "<unk>", "<eos>", "<pad>", "<pad>", "<pad>"],
        ["two", "<eos>", "<pad>", "<pad>", "<pad>", "<pad>"],
    ]
    assert to_target(inputs)[0] == ["<bos>", "neun", "hundert", "zwei", "<eos>", "<pad>"]
    assert to_target(tgt)[1] == ["zwei", "<unk>", "<eos>", "<pad>", "<pad>", "<pad>"]
    assert lens.tolist() == [4, 3, 2]


def test_build_leaves_no_sentence_out(d2l, numpy_of):
    data = d2l.NumberWords(4, num_train=5, num_val=2)
    for found in data.build(20 * ["one"], 20 * ["eins"]):
        assert len(numpy_of(found)) == 20
    assert len(numpy_of(data.arrays[0])) == 7


# Sentences


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
def sentences(d2l, places, monkeypatch):
    """The path of a file with a few sentences, which becomes the right one."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("fra-eng/_about.txt", "who wrote them")
        archive.writestr("fra-eng/fra.txt", "\n".join(SENTENCES) + "\n")
    address, _ = d2l.DATA_HUB[ZIP]
    digest = hashlib.sha1(out.getvalue()).hexdigest()
    monkeypatch.setitem(d2l.DATA_HUB, ZIP, (address, digest))
    (places / ZIP).write_bytes(out.getvalue())
    return places / ZIP


def test_sentences_are_read(d2l, sentences, numpy_of, capsys):
    data = d2l.MTFraEng(batch_size=2, num_steps=6, num_train=5, num_val=2)
    assert data._download() == "\n".join(SENTENCES) + "\n"
    assert capsys.readouterr().out == ""
    # Tokens that are at least twice in the first five pairs; "left" is only in later ones
    assert data.src_vocab.idx_to_token == sorted([*SPECIAL, ".", "go", "he"])
    assert data.tgt_vocab.idx_to_token == sorted([*SPECIAL, "!", ".", "va", "il", "a"])
    src, inputs, lens, tgt = map(numpy_of, data.arrays)
    assert len(src) == len(inputs) == len(lens) == len(tgt) == 7  # Without the half pair and the last
    source, target = data.src_vocab.to_tokens(src), data.tgt_vocab.to_tokens(tgt)
    assert source[0] == ["go", ".", "<eos>", "<pad>", "<pad>", "<pad>"]
    assert target[0] == ["va", "!", "<eos>", "<pad>", "<pad>", "<pad>"]
    assert target[3] == ["il", "a", "<unk>", "!", "<eos>", "<pad>"]
    assert source[4] == ["go", "<unk>", "<unk>", "<unk>", "<eos>", "<pad>"]
    assert source[6] == ["<unk>", "<unk>", "<unk>", "<unk>", "<unk>", "<eos>"]
    assert data.tgt_vocab.to_tokens(inputs[0])[:3] == ["<bos>", "va", "!"]
    assert lens.tolist() == [3, 4, 4, 4, 5, 4, 6]


def test_punctuation_is_apart_and_spaces_are_all_the_same(d2l):
    clean = d2l.MTFraEng._preprocess
    assert clean(None, "Go,\xa0run\u202f!\tVa!") == "go , run !\tva !"
    assert clean(None, "WHAT?!") == "what ? !"
    assert clean(None, "already , apart .") == "already , apart ."


def test_tokens_end_and_further_halves_are_left_out(d2l):
    text = "a b\tc\tmore\n\nd\te  f\nno tab\ng\th"
    assert d2l.MTFraEng._tokenize(None, text) == (
        [["a", "b", "<eos>"], ["d", "<eos>"], ["g", "<eos>"]],
        [["c", "<eos>"], ["e", "f", "<eos>"], ["h", "<eos>"]],
    )
    assert d2l.MTFraEng._tokenize(None, text, 2)[0] == [["a", "b", "<eos>"], ["d", "<eos>"]]


@pytest.mark.parametrize("how", ["not there", "damaged"])
def test_numbers_take_their_place_loudly(d2l, sentences, numpy_of, capsys, how):
    if how == "damaged":
        sentences.write_bytes(sentences.read_bytes()[:-1])
    else:
        sentences.unlink()
    data = d2l.MTFraEng(batch_size=2, num_train=30, num_val=6)
    out = capsys.readouterr().out
    assert "STAND-IN DATA: English and French sentences" in out
    assert "Numbers in words" in out and str(sentences) in out
    numbers = d2l.NumberWords(batch_size=2, num_steps=9, num_train=30, num_val=6)
    for found, wanted in zip(data.arrays, numbers.arrays, strict=True):
        np.testing.assert_array_equal(numpy_of(found), numpy_of(wanted))


def test_strict_data_allows_no_numbers_instead(d2l, places, monkeypatch, capsys):
    monkeypatch.setenv("D2L_STRICT_DATA", "1")
    with pytest.raises(FileNotFoundError, match=ZIP):
        d2l.MTFraEng(batch_size=2)
    assert "STAND-IN" not in capsys.readouterr().out
    d2l.NumberWords(batch_size=2, num_train=30, num_val=6)


@pytest.mark.parametrize("there", [True, False])
def test_a_section_that_is_built_reads_only_sentences_that_it_declares(
    d2l, sentences, monkeypatch, capsys, there
):
    if not there:
        sentences.unlink()
    monkeypatch.setenv("TABBOOK_SECTION", "chapters/x/y.md")
    monkeypatch.setenv("TABBOOK_DATA", "timemachine.txt")
    with pytest.raises(LookupError, match=re.escape(f"does not declare {ZIP}")):
        d2l.MTFraEng(batch_size=2)
    assert "STAND-IN" not in capsys.readouterr().out
    if there:
        monkeypatch.setenv("TABBOOK_DATA", os.pathsep.join(["timemachine.txt", ZIP]))
        assert len(d2l.MTFraEng(batch_size=2, num_train=5, num_val=2).val_dataloader()) == 1


# Lengths


def test_the_histogram_has_a_bar_for_each_length(d2l):
    try:
        lists = [["a"] * n for n in (2, 2, 3, 5)], [["a"] * n for n in (3, 3, 3, 6)]
        d2l.show_list_len_pair_hist(["one", "two"], "tokens", "pairs", *lists)
        axes = plt.gca()
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("tokens", "pairs")
        assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "two"]
        for bars, lengths in zip(axes.containers, ((2, 2, 3, 5), (3, 3, 3, 6)), strict=True):
            heights = {round(bar.get_x() + bar.get_width() / 2): bar.get_height() for bar in bars}
            assert {n: h for n, h in heights.items() if h} == Counter(lengths)
    finally:
        plt.close("all")


def test_a_dictionary_has_for_each_word_the_one_that_it_shares_most_pairs_with(d2l):
    src = [["one", "cat"], ["two", "cats"], ["one", "dog"]]
    tgt = [["un", "chat"], ["deux", "chats"], ["un", "chien"]]
    found = d2l.count_dictionary(src, tgt)
    assert found == {
        "one": (1, "un"),
        "two": (1, "deux"),
        "cat": (1, "chat"),
        "cats": (1, "deux"),
        "dog": (1, "chien"),
    }
