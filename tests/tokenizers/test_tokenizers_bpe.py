"""Byte-level BPE: the trainer against brute force and a peer, the encoder against tiktoken and tokenizers."""

import random
import time
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.errors import InvalidInput
from minillm.tokenizers import ByteBPE, SpecialToken
from minillm.tokenizers.byte_alphabet import BYTES_IN_ORDER, read_bytes, show_bytes
from minillm.tokenizers.patterns import PATTERNS, compile_pattern


def slow_merges(words: dict[bytes, int], size: int, min_count: int) -> list[tuple[bytes, bytes]]:
    """Brute force with the declared rule: recount everything before each merge."""
    split = {word: [bytes([byte]) for byte in word] for word in words}
    order = {bytes([byte]): id for id, byte in enumerate(BYTES_IN_ORDER)}
    learned: list[tuple[bytes, bytes]] = []
    while len(learned) < size:
        counts: Counter[tuple[bytes, bytes]] = Counter()
        for word, count in words.items():
            for pair in pairwise(split[word]):
                counts[pair] += count
        able = [pair for pair, count in counts.items() if count >= min_count and pair[0] + pair[1] not in order]
        if not able:
            break
        best = min(able, key=lambda pair: (-counts[pair], order[pair[0]], order[pair[1]]))
        learned.append(best)
        order[best[0] + best[1]] = len(order)
        for parts in split.values():
            place = 0
            while place + 1 < len(parts):
                if (parts[place], parts[place + 1]) == best:
                    parts[place : place + 2] = [best[0] + best[1]]
                place += 1
    return learned


texts = st.text(alphabet="ab aé\n'st1", max_size=60)


@settings(max_examples=60, deadline=None)
@given(st.lists(texts, max_size=4), st.integers(0, 30), st.integers(1, 3), st.randoms())
def test_trainer_equals_brute_force_whatever_the_order(
    corpus: list[str], size: int, min_count: int, shuffle: random.Random
) -> None:
    words = Counter(word for text in corpus for word in compile_pattern("gpt2").findall(text))
    expected = slow_merges({word.encode(): count for word, count in words.items()}, size, min_count)
    assert ByteBPE.train(corpus, 256 + size, min_count=min_count).merges == expected
    shuffle.shuffle(corpus)
    assert ByteBPE.train(corpus, 256 + size, min_count=min_count).merges == expected


def test_real_text_equals_brute_force(samples: dict[str, str]) -> None:
    words = Counter(word for text in samples.values() for word in compile_pattern("gpt2").findall(text))
    expected = slow_merges({word.encode(): count for word, count in words.items()}, 120, 1)
    assert len(expected) == 120
    assert ByteBPE.train(samples.values(), 376, min_count=1).merges == expected


def test_trainer_learns_what_the_tokenizers_library_learns(samples: dict[str, str]) -> None:
    foreign = tokenizers.Tokenizer(tokenizers.models.BPE())
    foreign.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=420,
        min_frequency=1,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    foreign.train_from_iterator(list(samples.values()), trainer)
    ours = ByteBPE.train(samples.values(), 420, min_count=1)
    assert foreign.get_vocab() == ours.vocabulary
    assert ours.vocab_size == 420


def test_overlapping_pairs() -> None:
    tokenizer = ByteBPE.train(["aaaa aaaaa"], 300, min_count=1)
    assert tokenizer.merges[:2] == [(b"a", b"a"), (b"aa", b"aa")]
    assert [tokenizer.token(id) for id in tokenizer.encode("aaaaaaa")] == ["aaaa", "aa", "a"]


def test_line_ends_and_joined_characters_are_bytes() -> None:
    tokenizer = ByteBPE.train(["a\r\n\r\n"] * 9 + ["👨\u200d👩\u200d👧\u200d👦"] * 9, 290)
    for text in ("a\r\nb", "\r", "\n\r", "👨\u200d👩\u200d👧\u200d👦", "👨", "\u200d", "e\u0301"):
        assert tokenizer.decode(tokenizer.encode(text)) == text
    assert len(tokenizer.encode("👨\u200d👩\u200d👧\u200d👦")) < len("👨\u200d👩\u200d👧\u200d👦".encode())
    assert tokenizer.encode("e\u0301") != tokenizer.encode("é")


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    tokenizer = TRAINED
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert tokenizer.encode_bytes(text.encode()) == tokenizer.encode(text)


@settings(max_examples=200, deadline=None)
@given(st.binary())
def test_any_bytes_come_back(data: bytes) -> None:
    assert TRAINED.decode_bytes(TRAINED.encode_bytes(data)) == data


TRAINED = ByteBPE.train(["the cat sat on the mat, the other cat ate the rat  \n\n 2024 你好你好 éééé"], 300)


@pytest.mark.parametrize("name", ["english", "chinese", "emoji", "code", "special"])
def test_ids_equal_tiktoken_and_tokenizers(
    bpe: ByteBPE, name: str, samples: dict[str, str], tmp_path: Any, tiktoken_encoding: Any
) -> None:
    text = samples[name] * 2
    bpe.save(tmp_path)
    foreign = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    assert bpe.encode(text, allowed_special="all") == foreign.encode(text).ids
    assert foreign.decode(foreign.encode(text).ids, skip_special_tokens=False) == text
    foreign.encode_special_tokens = True
    ids = bpe.encode(text)
    assert ids == foreign.encode(text).ids == tiktoken_encoding(bpe).encode_ordinary(text)
    assert len(ids) < 0.9 * len(text.encode()), "the merges are at work"
    allowed = bpe.encode(text, allowed_special={"<|endoftext|>"})
    assert allowed == tiktoken_encoding(bpe).encode(text, allowed_special={"<|endoftext|>"}, disallowed_special=())


@pytest.fixture
def tiktoken_encoding() -> Any:
    tiktoken = pytest.importorskip("tiktoken")

    def build(tokenizer: ByteBPE) -> Any:
        pattern = PATTERNS[tokenizer.pattern]
        return tiktoken.Encoding(
            "ours", pat_str=pattern, mergeable_ranks=tokenizer.ids, special_tokens=tokenizer.special_ids
        )

    return build


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=40))
def test_random_bytes_equal_tiktoken(data: bytes) -> None:
    tiktoken = pytest.importorskip("tiktoken")
    encoding = tiktoken.Encoding("ours", pat_str=PATTERNS["gpt2"], mergeable_ranks=TRAINED.ids, special_tokens={})
    assert encoding.decode_bytes(TRAINED.encode_bytes(data)) == data
    text = data.decode("utf-8", errors="replace")
    assert TRAINED.encode(text) == encoding.encode_ordinary(text)


def test_merges_are_found_again_from_ranks(bpe: ByteBPE) -> None:
    again = ByteBPE.from_ranks(bpe.ids, bpe.pattern, bpe.special_ids)
    assert again.merges == bpe.merges
    assert again.special_ids == bpe.special_ids
    broken = {token: id for token, id in bpe.ids.items() if token != bpe.merges[0][0] + bpe.merges[0][1]}
    with pytest.raises(InvalidInput, match="not the union"):
        ByteBPE.from_ranks(broken | {b"qqqq": 999})


def test_rank_merging_equals_pair_merging() -> None:
    """tiktoken joins any neighbors whose union is a token; a merge list joins only listed pairs."""
    shuffled = random.Random(7)
    for _ in range(30):
        corpus = "".join(shuffled.choice("ab ") for _ in range(80))
        tokenizer = ByteBPE.train([corpus], 275, min_count=1)
        spelled = dict(tokenizer.ids)
        for word in {"".join(shuffled.choice("ab") for _ in range(12)) for _ in range(10)}:
            parts = [bytes([byte]) for byte in word.encode()]
            while True:
                ranked = [(spelled[a + b], place) for place, (a, b) in enumerate(pairwise(parts)) if a + b in spelled]
                if not ranked:
                    break
                place = min(ranked)[1]
                parts[place : place + 2] = [parts[place] + parts[place + 1]]
            assert tokenizer.encode(word) == [spelled[part] for part in parts]


def test_text_without_spaces_is_not_quadratic() -> None:
    rng = random.Random(0)
    long = "".join(rng.choice("abcd") for _ in range(100_000))

    def seconds(text: str) -> float:
        start = time.process_time()
        tokenizer = ByteBPE.train([text], 270)
        assert tokenizer.decode(tokenizer.encode(text)) == text
        return time.process_time() - start

    short = min(seconds(long[:10_000]) for _ in range(2))
    assert seconds(long) < 30 * short  # 10 times the text: quadratic work would be 100 times as much


def test_special_tokens_only_where_allowed() -> None:
    tokenizer = ByteBPE.train(["x"], 259, ["<|a|>", "<|a|><|b|>", "<|b|>"])
    assert tokenizer.encode("<|a|><|b|>x<|b|>", allowed_special="all") == [257, *tokenizer.encode("x"), 258]
    assert tokenizer.encode("<|a|><|b|>", allowed_special={"<|a|>", "<|b|>"}) == [256, 258]
    assert max(tokenizer.encode("<|a|><|b|>")) < 256
    assert tokenizer.decode([256, 258], skip_special=True) == ""
    assert tokenizer.decode([256, 258]) == "<|a|><|b|>"
    with pytest.raises(InvalidInput, match="no special token"):
        tokenizer.encode("x", allowed_special={"<|c|>"})
    with pytest.raises(InvalidInput, match="allowed_special"):
        tokenizer.encode("x", allowed_special="<|a|>")


def test_mask_swallows_white_space(samples: dict[str, str]) -> None:
    base = ByteBPE.train(samples.values(), 300)
    tokenizer = ByteBPE(base.ids, base.merges, special_tokens=[SpecialToken("<mask>", 300, strip_left=True)])
    foreign = tokenizers.Tokenizer(
        tokenizers.models.BPE(base.vocabulary, [tuple(map(show_bytes, m)) for m in base.merges])
    )
    foreign.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    foreign.add_special_tokens([tokenizers.AddedToken("<mask>", lstrip=True, normalized=False)])
    for text in ("the \t\n <mask> fox", "<mask>", " <mask><mask> ", "a\u00a0\u3000<mask>b"):
        assert tokenizer.encode(text, allowed_special="all") == foreign.encode(text).ids


def test_decoding_half_a_character_is_marked() -> None:
    first = TRAINED.encode("🙂")[:1]
    assert TRAINED.decode(first) == "\ufffd"


def test_bad_input_is_refused() -> None:
    with pytest.raises(InvalidInput, match="vocab_size is 256"):
        ByteBPE.train(["a"], 256, ["<s>"])
    with pytest.raises(InvalidInput, match="pattern is 'gpt5'"):
        ByteBPE.train(["a"], 300, pattern="gpt5")
    with pytest.raises(InvalidInput, match="lone surrogate"):
        TRAINED.encode("a\ud800b")
    with pytest.raises(InvalidInput, match="token id 270 lies outside"):
        TRAINED.decode([TRAINED.vocab_size])
    with pytest.raises(InvalidInput, match="token id -1 lies outside"):
        TRAINED.decode_bytes([-1])
    with pytest.raises(InvalidInput, match="byte 0x07 is no token"):
        ByteBPE({token: id for id, token in enumerate(t for t in TRAINED.ids if t != b"\x07")}, [])
    with pytest.raises(InvalidInput, match="given twice"):
        ByteBPE(TRAINED.ids, [*TRAINED.merges, TRAINED.merges[0]])
    with pytest.raises(InvalidInput, match="no token"):
        ByteBPE(TRAINED.ids, [(b"zz", b"z")])


def test_bytes_in_visible_characters() -> None:
    everything = bytes(range(256))
    assert read_bytes(show_bytes(everything)) == everything
    assert len(set(show_bytes(everything))) == 256
    assert show_bytes(everything).isprintable()
    with pytest.raises(InvalidInput, match="stands for no byte"):
        read_bytes("a b")
