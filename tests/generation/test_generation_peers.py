"""Decoding side by side with transformers' generate, with the same weights."""

import pytest
import torch

from minillm.generation import (
    beam_search,
    compose,
    generate,
    stream,
    warp_min_p,
    warp_repetition,
    warp_temperature,
    warp_top_k,
    warp_top_p,
)

PAD = 60


def theirs_generate(model, ids, mask, **options):
    options = {"do_sample": False, "pad_token_id": PAD, **options}
    return model.generate(ids, attention_mask=mask.long(), use_cache=True, **options)


def compare(ours: torch.Tensor, theirs: torch.Tensor, ends: tuple[int, ...] = (), prompt: int = 6) -> None:
    """Equal up to and including each row's end; what fills up behind it is transformers' own choice."""
    assert ours.shape == theirs.shape
    for a, b in zip(ours.tolist(), theirs.tolist(), strict=True):
        end = next((i + 1 for i in range(prompt, len(a)) if a[i] in ends), len(a))
        assert a[:end] == b[:end]


def logits(rows: int = 4, vocab: int = 64, seed: int = 0) -> torch.Tensor:
    scores = torch.randn(rows, vocab, generator=torch.Generator().manual_seed(seed)) * 3
    # Ties, at the top as well as elsewhere.
    scores[1] = scores[1].round()
    # Equal everywhere: sums of probabilities that hit a threshold exactly.
    scores[2] = 0
    return scores


WARPERS = {
    "temperature": (lambda x, t: warp_temperature(x, t), "TemperatureLogitsWarper", (0.3, 1.7)),
    "top-k": (lambda x, k: warp_top_k(x, k), "TopKLogitsWarper", (1, 7, 63, 500)),
    "top-p": (lambda x, p: warp_top_p(x, p), "TopPLogitsWarper", (0.01, 0.5, 0.75, 0.9, 0.999)),
    "min-p": (lambda x, p: warp_min_p(x, p), "MinPLogitsWarper", (0.01, 0.2, 1.0)),
}


@pytest.mark.parametrize("name", WARPERS)
def test_warpers_equal_transformers(name: str) -> None:
    processors = pytest.importorskip("transformers.generation.logits_process")
    ours, theirs, values = WARPERS[name]
    kept = set()
    for value in values:
        expected = getattr(processors, theirs)(value)(None, logits())
        torch.testing.assert_close(ours(logits(), value), expected, atol=1e-6, rtol=0)
        kept.add(int(expected.isfinite().sum()))
    assert name == "temperature" or len(kept) > 1


@pytest.mark.parametrize("penalty", [0.7, 1.3, 5.0])
def test_repetition_penalty_equals_transformers(penalty: float) -> None:
    processors = pytest.importorskip("transformers.generation.logits_process")
    ids = torch.randint(0, 64, (4, 30), generator=torch.Generator().manual_seed(1))
    expected = processors.RepetitionPenaltyLogitsProcessor(penalty)(ids, logits())
    torch.testing.assert_close(warp_repetition(ids, logits(), penalty), expected, atol=1e-6, rtol=0)


OPTIONS = [
    {"temperature": 0.7},
    {"temperature": 1.3, "top_k": 10},
    {"top_p": 0.8, "min_p": 0.05},
    {"temperature": 0.9, "top_k": 20, "top_p": 0.9, "min_p": 0.02, "repetition_penalty": 1.3},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_warped_logits_of_a_whole_decoding(pair, prompts, options: dict) -> None:
    ours, theirs = pair
    ids, mask = prompts
    torch.manual_seed(0)
    out = theirs_generate(
        theirs, ids, mask, max_new_tokens=5, return_dict_in_generate=True, output_scores=True, do_sample=True,
        **{"top_k": 0, **options},
    )  # fmt: skip
    warp = compose(**options)
    assert warp is not None
    for step, expected in enumerate(out.scores):
        # Our own logits, without a cache, at the same point of the text.
        text = out.sequences[:, : 6 + step]
        seen = torch.cat([mask, torch.ones(3, step, dtype=torch.bool)], dim=1)
        positions = (seen.long().cumsum(1) - 1).clamp(min=0)
        with torch.no_grad():
            mine = warp(text, ours(text, mask=seen, positions=positions, last=True)[:, 0], seen)
        # Where the cut between kept and dropped falls on equal probabilities, rounding decides.
        both = mine.isfinite() & expected.isfinite()
        assert float((mine.isfinite() == expected.isfinite()).float().mean()) > 0.99
        torch.testing.assert_close(mine[both], expected[both], atol=2e-5, rtol=0)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_same_draws_as_transformers(pair, prompts, options: dict) -> None:
    ours, theirs = pair
    ids, mask = prompts
    torch.manual_seed(11)
    expected = theirs_generate(theirs, ids, mask, max_new_tokens=12, do_sample=True, **{"top_k": 0, **options})
    torch.manual_seed(11)
    mine = generate(ours, ids, max_new_tokens=12, mask=mask, pad=PAD, **{"temperature": 1.0, **options})
    compare(mine, expected)
    drawn = generate(
        ours, ids, max_new_tokens=12, mask=mask, generator=torch.Generator().manual_seed(11),
        **{"temperature": 1.0, **options},
    )  # fmt: skip
    assert torch.equal(drawn, mine), "a generator of one's own draws the same"


@pytest.mark.parametrize(("penalty", "ends"), [(1.0, ()), (1.5, (7,)), (1.0, (7, 13, 21))])
def test_greedy_ids_equal_transformers(pair, prompts, penalty: float, ends: tuple[int, ...]) -> None:
    ours, theirs = pair
    ids, mask = prompts
    expected = theirs_generate(
        theirs, ids, mask, max_new_tokens=25, repetition_penalty=penalty, eos_token_id=list(ends) or None
    )
    mine = generate(ours, ids, max_new_tokens=25, repetition_penalty=penalty, eos=ends, pad=PAD, mask=mask)
    compare(mine, expected, ends)
    assert len(mine[:, 6:].unique()) > 10, "a model that repeats one token would prove nothing"
    tokens = list(stream(ours, ids, max_new_tokens=25, repetition_penalty=penalty, eos=ends, pad=PAD, mask=mask))
    assert torch.equal(torch.stack(tokens, dim=1), mine[:, 6:])


BEAMS = [
    ({"beams": 3}, ()),
    ({"beams": 3}, (7,)),
    ({"beams": 4, "length_penalty": 0.0}, (7, 13, 21, 30)),
    ({"beams": 4, "length_penalty": 2.0, "early_stopping": True}, (7, 13)),
    ({"beams": 3, "length_penalty": -1.0, "early_stopping": "never"}, (7, 13, 21, 30)),
    ({"beams": 5, "length_penalty": 1.5, "early_stopping": "never"}, (7, 13)),
    ({"beams": 2, "repetition_penalty": 1.4}, (7,)),
    # So many end tokens that they may take all the best places.
    ({"beams": 3, "length_penalty": 2.0, "early_stopping": "never"}, tuple(range(0, 60, 2))),
    ({"beams": 4, "length_penalty": 0.5, "early_stopping": "never"}, tuple(range(55))),
]


@pytest.mark.parametrize(("options", "ends"), BEAMS, ids=str)
def test_beam_ids_equal_transformers(pair, prompts, options: dict, ends: tuple[int, ...]) -> None:
    ours, theirs = pair
    ids, mask = prompts
    beams = options["beams"]
    returned = max(1, beams - 1)
    expected = theirs_generate(
        theirs, ids, mask, max_new_tokens=12, num_beams=beams, num_return_sequences=returned,
        eos_token_id=list(ends) or None, return_dict_in_generate=True, output_scores=True,
        **{k: v for k, v in options.items() if k != "beams"},
    )  # fmt: skip
    mine = beam_search(ours, ids, max_new_tokens=12, returned=returned, eos=ends, pad=PAD, mask=mask, **options)
    compare(mine.ids.flatten(0, 1), expected.sequences, ends)
    torch.testing.assert_close(mine.scores.flatten(), expected.sequences_scores, atol=1e-4, rtol=0)


@pytest.mark.parametrize("ends", [(), (7, 19)])
def test_encoder_decoder_equals_transformers(bart_pair, ends: tuple[int, ...]) -> None:
    ours, theirs = bart_pair
    source = torch.randint(3, 59, (3, 9), generator=torch.Generator().manual_seed(2))
    mask = torch.tensor([[1] * 9, [1] * 5 + [0] * 4, [1] * 7 + [0] * 2], dtype=torch.bool)
    source = source.masked_fill(~mask, 1)
    eos = list(ends) or None
    expected = theirs_generate(theirs, source, mask, max_new_tokens=15, num_beams=1, eos_token_id=eos)
    mine = generate(ours, source, max_new_tokens=15, eos=ends, pad=PAD, mask=mask)
    compare(mine, expected, ends, prompt=1)
    expected = theirs_generate(theirs, source, mask, max_new_tokens=12, num_beams=3, eos_token_id=eos)
    found = beam_search(ours, source, max_new_tokens=12, beams=3, eos=ends, pad=PAD, mask=mask)
    compare(found.ids[:, 0], expected, ends, prompt=1)
