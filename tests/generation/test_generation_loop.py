"""Greedy decoding and sampling against a loop without cache; padding, endings, contexts, and what is refused."""

import math

import pytest
import torch
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.generation import generate, stream
from minillm.models import GPT, BARTConfig, GPTConfig, Transformer, TransformerConfig

MAX = 12


def naive(model, ids: torch.Tensor, new: int, mask: torch.Tensor | None = None) -> torch.Tensor:
    """Row by row, padding cut off, the whole text read anew for every token."""
    source = hasattr(model, "encode")
    rows = []
    for i, row in enumerate(ids):
        text = row if mask is None else row[mask[i]]
        written = text.new_full((1,), 2) if source else text
        for _ in range(new):
            with torch.no_grad():
                logits = model(text[None], written[None]) if source else model(written[None])
            written = torch.cat([written, logits[0, -1].argmax()[None]])
        rows.append(written[1:] if source else written[len(text) :])
    return torch.stack(rows)


def new_tokens(model, ids: torch.Tensor, **options) -> torch.Tensor:
    options = {"max_new_tokens": MAX, **options}
    start = 1 if hasattr(model, "encode") else ids.shape[1]
    return generate(model, ids, **options)[:, start:]


def test_cached_batched_and_padded_is_the_plain_loop(model, prompts) -> None:
    ids, mask = prompts
    assert torch.equal(new_tokens(model, ids, mask=mask), naive(model, ids, MAX, mask))
    whole = ids[:1]
    assert torch.equal(new_tokens(model, whole), naive(model, whole, MAX))


def test_what_padding_holds_does_not_matter(model, prompts) -> None:
    ids, mask = prompts
    expected = new_tokens(model, ids, mask=mask)
    other = torch.where(mask, ids, 59 - ids.flip(1).clamp(max=59))
    assert not torch.equal(other, ids)
    for options in ({}, {"repetition_penalty": 1.4}):
        mine, its = (new_tokens(model, x, mask=mask, **options) for x in (ids, other))
        assert torch.equal(mine, its)
    assert torch.equal(expected, new_tokens(model, other, mask=mask))


def test_rows_end_by_themselves(model, prompts) -> None:
    ids, mask = prompts
    free = new_tokens(model, ids, mask=mask, max_new_tokens=20)
    # A token that the rows write at different times ends them at different times.
    end = next(t for t in free.unique().tolist() if len({(r == t).nonzero()[:1].sum().item() for r in free}) == 3)
    mine = new_tokens(model, ids, mask=mask, max_new_tokens=20, eos=end, pad=60)
    lengths = [(row == end).nonzero()[:, 0].tolist() for row in free]
    lengths = [found[0] + 1 if found else 20 for found in lengths]
    assert mine.shape[1] == max(lengths)
    for row, free_row, length in zip(mine, free, lengths, strict=True):
        assert torch.equal(row[:length], free_row[:length])
        assert (row[length:] == 60).all()
    filler = new_tokens(model, ids, mask=mask, max_new_tokens=20, eos=[end, 0])
    assert filler[min(range(3), key=lengths.__getitem__), -1] == end, "without pad the first end token fills up"


def test_streams_give_the_same_tokens_as_soon_as_they_are_there(model, prompts) -> None:
    ids, mask = prompts
    calls = []
    original = model.hidden
    model.hidden = lambda *a, **k: calls.append(1) or original(*a, **k)
    tokens = stream(model, ids, max_new_tokens=MAX, mask=mask)
    assert not calls
    first = next(tokens)
    assert len(calls) == 1
    model.hidden = original
    together = torch.stack([first, *tokens], dim=1)
    assert torch.equal(together, new_tokens(model, ids, mask=mask))


def test_every_token_is_read_once(model, prompts) -> None:
    seen = []
    original = model.hidden
    model.hidden = lambda *a, **k: seen.append(a[-1].shape[1]) or original(*a, **k)
    new_tokens(model, prompts[0])
    prompt = 1 if hasattr(model, "encode") else 6
    assert seen == [prompt] + [1] * (MAX - 1)


def test_draws_follow_the_models_probabilities() -> None:
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab_size=8, context=8, layers=1, heads=2, width=16)).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.3)
        expected = F.softmax(model(torch.tensor([[1, 2]]))[0, -1] / 0.7, dim=0)
    rows = torch.tensor([[1, 2]]).repeat(8000, 1)
    drawn = generate(model, rows, max_new_tokens=1, temperature=0.7, generator=torch.Generator().manual_seed(0))[:, -1]
    share = F.one_hot(drawn, 8).double().mean(0)
    # Five standard deviations of the likeliest.
    assert (share - expected).abs().max() < 5 * math.sqrt(0.25 / 8000)
    greedy = generate(model, rows[:3], max_new_tokens=1)[:, -1]
    assert greedy.tolist() == [int(expected.argmax())] * 3


def test_seeds_decide_the_draws(model, prompts) -> None:
    def draw(seed):
        return new_tokens(model, prompts[0], temperature=1.0, generator=torch.Generator().manual_seed(seed))

    assert torch.equal(draw(1), draw(1))
    assert not torch.equal(draw(1), draw(2))


def test_dropout_is_off_and_the_mode_is_left_as_it_was() -> None:
    torch.manual_seed(1)
    model = GPT(GPTConfig(vocab_size=61, context=32, layers=2, heads=2, width=16, dropout=0.5)).train()
    ids = torch.randint(0, 61, (2, 4))
    expected = naive(model.eval(), ids, MAX)
    model.train()
    model.blocks[0].eval()
    assert torch.equal(new_tokens(model, ids), expected)
    assert model.training
    assert model.blocks[1].training
    assert not model.blocks[0].training, "a part that was out of training stays so"
    for token, column in zip(stream(model, ids, max_new_tokens=MAX), expected.T, strict=True):
        assert torch.equal(token, column)
        assert model.training, "between two tokens the model is its owner's"
    assert not model.eval().training
    new_tokens(model, ids)
    assert not model.training


def test_what_was_generated_can_be_trained_on(model, prompts) -> None:
    text = generate(model, prompts[0], max_new_tokens=4)
    arguments = (prompts[0], text) if hasattr(model, "encode") else (text,)
    model(*arguments).sum().backward()
    first = next(stream(model, prompts[0], max_new_tokens=4))
    assert not first.is_inference()
    assert not text.is_inference()


def test_the_context_is_a_limit(model, prompts) -> None:
    prompt = 1 if hasattr(model, "encode") else 6
    assert new_tokens(model, prompts[0], max_new_tokens=64 - prompt).shape == (3, 64 - prompt)
    with pytest.raises(InvalidInput, match=f"at most {64 - prompt} new tokens"):
        new_tokens(model, prompts[0], max_new_tokens=65 - prompt)


def test_sliding_goes_on_with_the_last_half() -> None:
    torch.manual_seed(2)
    model = GPT(GPTConfig(vocab_size=61, context=16, layers=2, heads=2, width=16)).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.3)
    ids = torch.randint(0, 61, (2, 6))
    mask = torch.tensor([[True] * 6, [False] * 2 + [True] * 4])
    expected, first = ids, 0
    for _ in range(40):
        if expected.shape[1] - first > 16:
            first = expected.shape[1] - 8
        seen = torch.cat([mask, torch.ones(2, expected.shape[1] - 6, dtype=torch.bool)], dim=1)[:, first:]
        positions = (seen.long().cumsum(1) - 1).clamp(min=0)
        with torch.no_grad():
            token = model(expected[:, first:], mask=seen, positions=positions)[:, -1].argmax(-1)
        expected = torch.cat([expected, token[:, None]], dim=1)
    assert torch.equal(generate(model, ids, max_new_tokens=40, mask=mask, slide=True), expected)
    short = generate(model, ids, max_new_tokens=10, mask=mask)
    assert torch.equal(short, expected[:, :16]), "as long as it fits nothing slides"
    # A prompt longer than the context begins with what fits.
    long = torch.randint(0, 61, (1, 30))
    assert torch.equal(
        generate(model, long, max_new_tokens=1, slide=True)[:, -1],
        generate(model, long[:, -16:], max_new_tokens=1, slide=True)[:, -1],
    )


def test_a_target_may_begin_with_more_than_one_token() -> None:
    torch.manual_seed(0)
    model = Transformer(TransformerConfig.tiny()).eval()
    source = torch.randint(0, 64, (2, 5))
    with pytest.raises(InvalidInput, match="start="):
        generate(model, source, max_new_tokens=3)
    begin = torch.tensor([[1, 7], [1, 9]])
    text = generate(model, source, max_new_tokens=5, start=begin)
    assert torch.equal(text[:, :2], begin)
    with torch.no_grad():
        again = model(source, text[:, :-1])[:, 1:].argmax(-1)
    assert torch.equal(text[:, 2:], again)
    assert torch.equal(generate(model, source, max_new_tokens=5, start=1)[:, 0], torch.tensor([1, 1]))


BAD = [
    ({"max_new_tokens": 0}, "max_new_tokens=0"),
    ({"temperature": -1.0}, "0 for greedy"),
    ({"temperature": float("nan")}, "temperature"),
    ({"top_k": 0}, "at least 1"),
    ({"top_p": 0.0}, "above 0 and at most 1"),
    ({"top_p": 1.5}, "above 0 and at most 1"),
    ({"min_p": -0.1}, "from 0 to 1"),
    ({"repetition_penalty": 0.0}, "above 0"),
    ({"eos": -3}, "token ids"),
    ({"pad": -1}, "token ids"),
    ({"mask": torch.ones(3, 5, dtype=torch.bool)}, "one entry a token"),
    ({"mask": torch.zeros(3, 6, dtype=torch.bool)}, "hides all"),
    ({"mask": torch.tensor([[True] * 5 + [False]] * 3)}, "on the left"),
    ({"start": 1}, "encoder-decoders"),
]


@pytest.mark.parametrize(("options", "message"), BAD, ids=str)
def test_bad_options_are_refused_at_the_call(prompts, options: dict, message: str) -> None:
    model = GPT(GPTConfig(vocab_size=61, context=64, layers=1, heads=2, width=16))
    for decode in (generate, stream):
        with pytest.raises(InvalidInput, match=message):
            decode(model, prompts[0], **{"max_new_tokens": 5, **options})


@pytest.mark.parametrize("ids", [torch.tensor([[61]]), torch.tensor([[-1]]), torch.zeros(1, 0, dtype=torch.long)])
def test_bad_prompts_are_refused(model, ids: torch.Tensor) -> None:
    with pytest.raises(InvalidInput):
        generate(model, ids, max_new_tokens=2)


def test_bart_configurations_say_how_targets_begin() -> None:
    assert BARTConfig.tiny().start_id == 2, "what the loops above rely on"
