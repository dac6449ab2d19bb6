"""Characters as tokens."""

from pathlib import Path

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

from minillm.errors import InvalidInput
from minillm.tokenizers import CharacterTokenizer, Template


@given(st.text())
def test_what_was_trained_on_comes_back(text: str) -> None:
    tokenizer = CharacterTokenizer.train([text])
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert len(ids) == len(text)
    assert tokenizer.vocab_size == len(set(text))


def test_ids_follow_code_points() -> None:
    tokenizer = CharacterTokenizer.train(["hello", " wörld\n"], ["<s>"])
    assert tokenizer.encode("\n hö") == [0, 1, 4, 9]
    assert tokenizer.encode("<s>", allowed_special="all") == [10]


def test_unknown_characters() -> None:
    with pytest.raises(InvalidInput, match=r"'z' \(U\+007A\) is not in the vocabulary of 2 characters"):
        CharacterTokenizer.train(["ab"]).encode("az")
    tokenizer = CharacterTokenizer.train(["ab"], unknown="<unk>")
    assert tokenizer.encode("azb") == [0, 2, 1]
    assert tokenizer.decode([0, 2, 1]) == "a<unk>b"
    with pytest.raises(InvalidInput, match="both an ordinary and a special"):
        CharacterTokenizer.train(["ab"], ["a"])
    with pytest.raises(InvalidInput, match="is not one character"):
        CharacterTokenizer({"ab": 0})


@pytest.mark.parametrize("unknown", [None, "<unk>"])
def test_ids_equal_the_tokenizers_library(unknown: str | None, samples: dict[str, str], tmp_path: Path) -> None:
    text = "".join(samples.values())
    tokenizer = CharacterTokenizer.train([text], ["<|endoftext|>"], unknown=unknown)
    tokenizer.save(tmp_path)
    peer = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    ids = tokenizer.encode(text, allowed_special="all")
    assert peer.encode(text).ids == ids
    assert peer.decode(ids, skip_special_tokens=False) == text
    if unknown:
        assert peer.encode("aßa").ids == tokenizer.encode("aßa")
    else:
        with pytest.raises(Exception, match="Missing"):
            peer.encode("aßa")
    assert CharacterTokenizer.load(tmp_path).encode(text) == tokenizer.encode(text)


def test_templates() -> None:
    tokenizer = CharacterTokenizer.train(["ab"], ["<s>", "</s>"])
    bart = CharacterTokenizer(tokenizer.vocabulary, tokenizer.special_tokens, template=Template.bart("<s>", "</s>"))
    assert bart.encode_pair("a", "b") == ([2, 0, 3, 3, 1, 3], [0] * 6)
    assert tokenizer.encode_pair("ab", "b") == ([0, 1, 1], [0, 0, 1])
    with pytest.raises(InvalidInput, match="template puts in"):
        CharacterTokenizer(tokenizer.vocabulary, [], template=Template.bart("<s>", "</s>"))
    with pytest.raises(InvalidInput, match=r"must hold \$A and \$B once"):
        Template(pair=(("$A", 0),))
