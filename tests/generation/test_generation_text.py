"""Text in pieces: together it is the whole, and no piece holds half a character."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from minillm.errors import InvalidInput
from minillm.generation import TextStream, generate, stream_text
from minillm.models import GPT, GPTConfig
from minillm.tokenizers import ByteBPE, CharacterTokenizer, WordPiece

BYTES = ByteBPE.train(["the cat sat on the mat, 把努力变成一种习惯 " * 3], 300)


def pieces(tokenizer, ids: list[int]) -> list[str]:
    text = TextStream(tokenizer)
    return [*(text.push(id) for id in ids), text.flush()]


def test_characters_of_several_tokens_come_whole() -> None:
    raw = ByteBPE.train(["a"], 256)
    shown = pieces(raw, raw.encode("né 习🦀!"))
    assert shown == ["n", "", "é", " ", "", "", "习", "", "", "", "🦀", "!", ""]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_any_text_survives(text: str) -> None:
    shown = pieces(BYTES, BYTES.encode(text))
    assert "".join(shown) == text
    if "\ufffd" not in text:
        assert not any("\ufffd" in piece for piece in shown)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 299), max_size=200))
def test_any_ids_give_what_decoding_them_at_once_gives(ids: list[int]) -> None:
    ids = [id % BYTES.vocab_size for id in ids]
    assert "".join(pieces(BYTES, ids)) == BYTES.decode(ids)


def test_long_texts_are_not_decoded_from_their_beginning() -> None:
    longest = 0

    class Watched:
        def encode(self, text: str) -> list[int]:
            return BYTES.encode(text)

        def decode(self, ids) -> str:
            nonlocal longest
            longest = max(longest, len(ids))
            return BYTES.decode(ids)

    text = "把努力变成一种习惯, the cat 🦀 " * 60
    assert "".join(pieces(Watched(), BYTES.encode(text))) == text
    assert longest < 100 < len(BYTES.encode(text))


@pytest.mark.parametrize("train", [CharacterTokenizer.train, lambda x: WordPiece.train(x, 60)])
def test_other_tokenizers(train) -> None:
    tokenizer = train(["the highest cat sat. on the mat, and sat"])
    ids = tokenizer.encode("the highest mat, and cat. sat") * 12
    assert "".join(pieces(tokenizer, ids)) == tokenizer.decode(ids)


def test_streamed_text_is_the_generated_text_without_its_end() -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab_size=BYTES.vocab_size, context=64, layers=1, heads=2, width=16)).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.5)
    ids = BYTES.encode("the cat")
    new = generate(model, torch.tensor([ids]), max_new_tokens=40)[0, len(ids) :].tolist()
    assert "".join(stream_text(model, BYTES, "the cat", max_new_tokens=40)) == BYTES.decode(new)
    assert "".join(stream_text(model, BYTES, ids, max_new_tokens=40)) == BYTES.decode(new)
    end = new[20]
    shown = "".join(stream_text(model, BYTES, "the cat", max_new_tokens=40, eos=end))
    assert shown == BYTES.decode(new[: new.index(end)])
    with pytest.raises(InvalidInput):
        stream_text(model, BYTES, "", max_new_tokens=4)
    with pytest.raises(InvalidInput, match="top_k"):
        stream_text(model, BYTES, "the", max_new_tokens=4, top_k=-1)
