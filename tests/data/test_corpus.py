import pytest

from minillm.data.corpora import Corpus, Document
from minillm.errors import InvalidInput


def numbers(count):
    return Corpus("numbers", "en", tuple(Document(str(i), f"Number {i} is here. Yes!") for i in range(count)))


def test_is_a_sequence_of_documents():
    corpus = numbers(5)
    assert len(corpus) == 5
    assert [document.id for document in corpus] == ["0", "1", "2", "3", "4"]
    assert corpus[-1].id == "4"
    assert corpus[1:3].documents == corpus.documents[1:3]
    assert isinstance(corpus[1:3], Corpus)
    assert corpus.text.count("\n\n") == 4
    assert "5 documents" in repr(corpus)


def test_sentences_in_order_and_by_length():
    corpus = numbers(2)
    assert corpus.sentences() == [
        ["number", "0", "is", "here", "."],
        ["yes", "!"],
        ["number", "1", "is", "here", "."],
        ["yes", "!"],
    ]
    assert corpus.sentences(lower=False)[1] == ["Yes", "!"]
    assert corpus.sentences(min_words=3) == corpus.sentences()[::2]
    assert corpus.sentences(max_words=2) == corpus.sentences()[1::2]


def test_words_that_a_document_carries_win():
    document = Document("a", "安娜有书。", (("安娜", "有", "书", "。"),))
    assert Corpus("c", "zh", (document,)).sentences() == [["安娜", "有", "书", "。"]]
    assert Corpus("c", "zh", (Document("a", "安娜有书。"),)).sentences() == [["安", "娜", "有", "书", "。"]]


@pytest.mark.parametrize(("least", "most"), [(0, None), (3, 2), (-1, 5)])
def test_impossible_lengths(least, most):
    with pytest.raises(InvalidInput, match="1 <= min_words <= max_words"):
        numbers(1).sentences(min_words=least, max_words=most)


def test_split_is_disjoint_exhaustive_ordered_and_seeded():
    corpus = numbers(101)
    parts = corpus.split(0.8, 0.1, 0.1, seed=3)
    assert [len(part) for part in parts] == [81, 10, 10]
    ids = [document.id for part in parts for document in part]
    assert sorted(ids, key=int) == [document.id for document in corpus]
    for part in parts:
        assert [int(d.id) for d in part] == sorted(int(d.id) for d in part)
    assert parts == corpus.split(0.8, 0.1, 0.1, seed=3)
    assert parts != corpus.split(0.8, 0.1, 0.1, seed=4)
    # A draw, not a cut: the test part must not be the tail.
    assert {d.id for d in parts[2]} != {d.id for d in corpus[91:]}


def test_split_leaves_no_part_empty():
    assert [len(part) for part in numbers(3).split(0.98, 0.01, 0.01)] == [1, 1, 1]
    assert [len(part) for part in numbers(10).split(0.01, 0.99)] == [1, 9]
    assert numbers(4).split(1.0)[0] == numbers(4)


@pytest.mark.parametrize("fractions", [(), (0.5, 0.4), (0.5, 0.6), (1.2, -0.2), (1.0, 0.0)])
def test_bad_fractions(fractions):
    with pytest.raises(InvalidInput, match="fractions are"):
        numbers(10).split(*fractions)


def test_too_few_documents():
    with pytest.raises(InvalidInput, match="1 documents cannot fill 2 parts"):
        numbers(1).split(0.5, 0.5)


def test_unknown_language():
    with pytest.raises(InvalidInput, match="'fr'"):
        Corpus("c", "fr", ())
