"""Model files: the round trip is exact, and a damaged file is met with FormatError and nothing else."""

import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.errors import FormatError, InvalidInput
from minillm.ngram import NgramLM

TOY = [s.split() for s in ("the cat sat", "the cat ran", "a dog sat", "the dog", "sat")]
ARPA_METHODS = ["mle", "jelinek_mercer", "katz", "absolute", "kneser_ney", "modified_kneser_ney"]
pytestmark = pytest.mark.filterwarnings("ignore::minillm.ngram.DiscountWarning")


@pytest.fixture(scope="module")
def toy_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("arpa") / "toy.arpa"
    NgramLM(3, "kneser_ney", discount=0.5).fit(TOY).save_arpa(path)
    return path.read_bytes()


def load(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("damaged") / "model.arpa"
    path.write_bytes(content)
    return NgramLM.load_arpa(path)


@pytest.mark.parametrize(
    ("smoothing", "order"),
    [*((name, 3) for name in ARPA_METHODS), ("mle", 1), ("katz", 2), ("modified_kneser_ney", 5)],
)
def test_round_trip(smoothing, order, text, tmp_path):
    train, heldout = text[0][:600], text[1]
    model = NgramLM(order, smoothing).fit(train)
    model.save_arpa(tmp_path / "model.arpa")
    loaded = NgramLM.load_arpa(tmp_path / "model.arpa")
    assert (loaded.order, loaded.smoothing, loaded.sizes) == (order, "arpa", model.sizes)
    assert loaded.score_batch(heldout) == pytest.approx(model.score_batch(heldout), rel=1e-12)
    for context in ([], ["<s>"], ["w1", "w2"], ["never", "seen"]):
        assert loaded.probs(context).sum() == pytest.approx(1, abs=1e-10)
    loaded.save_arpa(tmp_path / "again.arpa")
    assert (tmp_path / "again.arpa").read_bytes() == (tmp_path / "model.arpa").read_bytes()


def test_the_file_of_a_model_worked_by_hand(tmp_path):
    """Every line of the model in test_modified_kneser_ney_by_hand."""
    NgramLM(2).fit([s.split() for s in ("a", "c a", "b", "a", "c")]).save_arpa(tmp_path / "m.arpa")
    lines = (tmp_path / "m.arpa").read_text().splitlines()
    assert lines[:5] == ["\\data\\", "ngram 1=6", "ngram 2=7", "", "\\1-grams:"]
    assert lines[-2:] == ["", "\\end\\"]
    found = {}
    for line in lines:
        if "\t" in line:
            p, words, *weight = line.split("\t")
            found[words] = (float(p), *(float(w) for w in weight))
    expected = {
        "<unk>": (0.9 / 7, 1),
        "</s>": (0.9 / 7, 1),
        "a": (2.4 / 7, 1),
        "b": (1.4 / 7, 0.5),
        "c": (1.4 / 7, 0.5),
        "<s> a": (0.15 + 0.6 * 2.4 / 7,),
        "<s> b": (0.1 + 0.6 * 1.4 / 7,),
        "<s> c": (0.15 + 0.6 * 1.4 / 7,),
        "a </s>": (0.9 / 7,),
        "b </s>": (0.5 + 0.5 * 0.9 / 7,),
        "c a": (0.25 + 0.5 * 2.4 / 7,),
        "c </s>": (0.25 + 0.5 * 0.9 / 7,),
    }
    assert found.pop("<s>") == pytest.approx((-99, math.log10(0.6)))
    assert set(found) == set(expected)
    for words, values in expected.items():
        assert found[words] == pytest.approx([math.log10(value) for value in values], abs=1e-12), words


def test_unicode_words_and_odd_spaces_survive(tmp_path):
    """Only space, tab, CR, LF and NUL separate: a no-break or ideographic space is part of a word."""
    corpus = [["语言", "模型", "\u00a0", "a\u3000b", "\u2028", "\x85"], ["模型", "é"]]
    model = NgramLM(2).fit(corpus)
    model.save_arpa(tmp_path / "m.arpa")
    loaded = NgramLM.load_arpa(tmp_path / "m.arpa")
    assert loaded.vocabulary.words == model.vocabulary.words
    assert loaded.score_batch(corpus) == pytest.approx(model.score_batch(corpus), rel=1e-12)


@pytest.mark.parametrize("word", ["two words", "tab\there", "line\nfeed", "carriage\rreturn", "nul\0"])
def test_words_with_separators_cannot_be_written(word, tmp_path):
    model = NgramLM(1).fit([[word]])
    with pytest.raises(InvalidInput, match="cannot stand in an ARPA file"):
        model.save_arpa(tmp_path / "m.arpa")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("smoothing", ["add_k", "good_turing"])
def test_methods_without_back_off_are_written_at_order_one_only(smoothing, text, tmp_path):
    train, heldout = text
    model = NgramLM(1, smoothing).fit(train)
    model.save_arpa(tmp_path / "m.arpa")
    loaded = NgramLM.load_arpa(tmp_path / "m.arpa")
    assert loaded.score_batch(heldout) == pytest.approx(model.score_batch(heldout), rel=1e-12)
    with pytest.raises(InvalidInput, match=r"cannot be written as ARPA.*use order 1"):
        NgramLM(2, smoothing).fit(train).save_arpa(tmp_path / "m2.arpa")


def test_every_cut_is_noticed(toy_file, tmp_path_factory):
    """A file cut anywhere before its last line is refused, with the line named."""
    end = toy_file.rindex(b"\\end\\") + len(b"\\end\\")
    for length in range(0, end, 5):
        with pytest.raises(FormatError, match=r"model\.arpa, line \d+: "):
            load(toy_file[:length], tmp_path_factory)
    assert load(toy_file[:end], tmp_path_factory).order == 3


DAMAGE = {
    "not ARPA": (rb"\\data\\", b"PK\x03\x04", 1, "not an ARPA file"),
    "not text": (rb"\\data\\", b"\xff\xfe", 1, "not UTF-8"),
    "promises too many": (rb"ngram 2=\d+", b"ngram 2=99999999999", None, "the header promised 99999999999"),
    "promises too few": (rb"ngram 1=\d+", b"ngram 1=2", None, "the header promised 2"),
    "no number of n-grams": (rb"ngram 2=\d+", b"ngram 2=many", 3, "expected 'ngram 2=<count>'"),
    "orders out of turn": (rb"ngram 2=", b"ngram 3=", 3, "expected 'ngram 2=<count>'"),
    "no header": (rb"ngram.*\n", b"", 2, "no 'ngram 1=<count>'"),
    "not a number": (rb"-99\.0\t<s>", b"minus\t<s>", 8, "'minus' is not a logarithm"),
    "not finite": (rb"-99\.0\t<s>", b"nan\t<s>", 8, "'nan' is not a logarithm"),
    "above probability 1": (rb"-99\.0\t<s>", b"0.5\t<s>", 8, "not a logarithm of a probability"),
    "underscore number": (rb"-99\.0\t<s>", b"-9_9\t<s>", 8, "is not a logarithm"),
    "bad weight": (rb"(?<=\t<s>\t)\S+", b"heavy", 8, "'heavy' is not a logarithm"),
    "word too many": (rb"\t<s> the\t", b"\t<s> the cat sat\t", None, "expected a number, 2 words"),
    "word not listed": (rb"\t<s> the\t", b"\t<s> unheard\t", None, "'unheard' is not among the unigrams"),
    "word twice": (rb"\tcat\t", b"\tdog\t", None, "was listed before"),
    "bigram twice": (rb"\t<s> a\t", b"\t<s> the\t", None, "was listed before"),
    "no </s>": (rb"\t</s>\t", b"\t<end>\t", None, "</s> is missing"),
    "<s> inside": (rb"\tthe cat\t", b"\tthe <s>\t", None, "<s> stands inside"),
    "words after </s>": (rb"\tthe cat\t", b"\t</s> cat\t", None, "words follow </s>"),
    "prefix missing": (rb"\tthe cat sat\n", b"\tsat cat sat\n", None, "without its last word is not in"),
    "section missing": (rb"\\2-grams:", b"\\3-grams:", None, "expected \\\\2-grams:"),
    "no end": (rb"\\end\\", b"\\fin\\", None, "expected \\\\end"),
    "weight at the highest order": (rb"\tthe cat sat\n", b"\tthe cat sat\t-1\n", None, "expected a number, 3 words"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named_with_its_line(damage, toy_file, tmp_path_factory):
    pattern, replacement, line, message = DAMAGE[damage]
    damaged = re.sub(pattern, lambda found: replacement, toy_file)
    assert damaged != toy_file
    with pytest.raises(FormatError, match=message) as caught:
        load(damaged, tmp_path_factory)
    named = int(re.search(r"line (\d+):", str(caught.value))[1])
    first_changed = next(
        i
        for i, pair in enumerate(zip(damaged.split(b"\n"), toy_file.split(b"\n"), strict=False), 1)
        if len({*pair}) > 1
    )
    assert named == line if line else named >= first_changed


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_fuzz(data, toy_file, tmp_path_factory):
    """Random edits give FormatError or a model whose answers are log-probabilities; nothing else escapes."""
    content = bytearray(toy_file)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.sampled_from(["set", "insert", "delete", "swap"])):
            case "set":
                content[at] = data.draw(st.integers(0, 255))
            case "insert":
                content[at:at] = data.draw(st.sampled_from([b"\n", b"\t", b" ", b"9", b"-", b"\\", b"\x00", b"\xff"]))
            case "delete":
                del content[at : at + data.draw(st.integers(1, 30))]
            case "swap":
                lines = bytes(content).split(b"\n")
                i, j = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
                lines[i], lines[j] = lines[j], lines[i]
                content = bytearray(b"\n".join(lines))
        if not content:
            break
    try:
        model = load(bytes(content), tmp_path_factory)
    except FormatError as error:
        model, complaint = None, str(error)
    if model is None:
        assert re.search(r"line \d+: ", complaint)
    else:
        assert not np.isnan(model.token_logprobs(["the", "cat", "unheard"])).any()


def test_a_file_without_unk_gives_unknown_words_no_probability(toy_file, tmp_path_factory):
    without = re.sub(rb"\S+\t<unk>\t\S+\n", b"", toy_file).replace(b"ngram 1=9", b"ngram 1=8")
    assert without != toy_file
    model = load(without, tmp_path_factory)
    assert model.logprob("unheard") == -math.inf
    assert math.isfinite(model.logprob("cat", ["the"]))


def test_a_control_character_that_counts_as_space_beside_a_count(toy_file, tmp_path_factory):
    padded = load(toy_file.replace(b"ngram 1=9", b"ngram 1=\x1c9"), tmp_path_factory)
    assert padded.score(["the", "dog", "ran"]) == load(toy_file, tmp_path_factory).score(["the", "dog", "ran"])


def test_windows_line_ends_and_lines_without_weight(toy_file, tmp_path_factory):
    expected = load(toy_file, tmp_path_factory).score(["the", "dog", "ran"])
    assert load(toy_file.replace(b"\n", b"\r\n"), tmp_path_factory).score(["the", "dog", "ran"]) == expected
    shorter = re.sub(rb"\t0\.0\n", b"\n", toy_file)
    assert shorter != toy_file
    assert load(shorter, tmp_path_factory).score(["the", "dog", "ran"]) == expected


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "m.arpa"
    path.write_text("precious")
    with pytest.raises(InvalidInput):
        NgramLM(1).fit([["two words"]]).save_arpa(path)
    assert path.read_text() == "precious"
    assert [p.name for p in tmp_path.iterdir()] == ["m.arpa"]
