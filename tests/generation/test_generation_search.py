"""Beam search against all texts there are; contrastive search against its definition, written out."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from minillm.errors import InvalidInput
from minillm.generation import beam_search, contrastive_scores, contrastive_search, generate
from minillm.models import GPT, GPTConfig


def small(vocab: int = 4) -> GPT:
    torch.manual_seed(6)
    model = GPT(GPTConfig(vocab_size=vocab, context=16, layers=2, heads=2, width=16)).eval()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_(std=0.4)
    return model


def all_texts(model: GPT, prompt: list[int], new: int, end: int | None, alpha: float) -> list[tuple[float, list[int]]]:
    """Every text that ends or has the most new tokens, with its score, best first."""
    texts = []
    for length in range(1, new + 1):
        tails = torch.tensor(list(itertools.product(range(model.config.vocab_size), repeat=length)))
        with torch.no_grad():
            logp = model(torch.cat([torch.tensor([prompt]).expand(len(tails), -1), tails], dim=1)).log_softmax(-1)
        scores = logp[:, len(prompt) - 1 : -1].gather(2, tails[:, :, None]).sum(dim=(1, 2)) / length**alpha
        for score, tail in zip(scores.tolist(), tails.tolist(), strict=True):
            if end not in tail[:-1] and (length == new or tail[-1] == end):
                texts.append((score, tail))
    return sorted(texts, reverse=True)


@pytest.mark.parametrize("end", [None, 3])
@pytest.mark.parametrize("alpha", [0.0, 1.0, 1.7])
def test_enough_beams_find_the_best_text_of_all(end: int | None, alpha: float) -> None:
    model, prompt = small(), [1, 0, 2]
    expected = all_texts(model, prompt, 4, end, alpha)
    found = beam_search(
        model, torch.tensor([prompt]), max_new_tokens=4, beams=64, returned=5, length_penalty=alpha,
        early_stopping="never", eos=end,
    )  # fmt: skip
    for (score, tail), ids, mine in zip(expected[:5], found.ids[0], found.scores[0], strict=False):
        assert ids[3 : 3 + len(tail)].tolist() == tail
        assert float(mine) == pytest.approx(score, abs=1e-5)


def test_one_beam_is_greedy_and_more_are_no_worse(model, prompts) -> None:
    ids, mask = prompts
    one = beam_search(model, ids, max_new_tokens=10, beams=1, mask=mask)
    assert torch.equal(one.ids[:, 0], generate(model, ids, max_new_tokens=10, mask=mask))
    several = beam_search(model, ids, max_new_tokens=10, beams=6, returned=6, mask=mask)
    assert (several.scores[:, 0] > one.scores[:, 0] - 1e-6).all()
    assert (several.scores[:, 0] > one.scores[:, 0] + 1e-3).any()
    assert (several.scores.diff(dim=1) <= 0).all()
    assert all(len(row.unique(dim=0)) == 6 for row in several.ids)


def test_a_length_penalty_makes_texts_longer() -> None:
    model = small(vocab=6)
    lengths = []
    for alpha in (-2.0, 0.0, 3.0):
        found = beam_search(
            model, torch.tensor([[1, 2]]), max_new_tokens=10, beams=4, length_penalty=alpha, eos=(3, 5),
            early_stopping="never", pad=0,
        )  # fmt: skip
        text = found.ids[0, 0, 2:].tolist()
        lengths.append(next((i + 1 for i, t in enumerate(text) if t in (3, 5)), len(text)))
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[2]


def contrastive_by_definition(model, ids, new: int, count: int, alpha: float, source=None) -> torch.Tensor:
    """One row, no cache: every candidate's text is read as a whole."""

    def states(text):
        return (model.hidden(source[None], text[None]) if source is not None else model.hidden(text[None]))[0]

    for _ in range(new):
        with torch.no_grad():
            before = states(ids)
            p = F.softmax(model.head(before[None])[0, -1], dim=0)
            best, choice = -float("inf"), -1
            for v in p.topk(count).indices.tolist():
                h = states(torch.cat([ids, torch.tensor([v])]))[-1]
                score = (1 - alpha) * p[v] - alpha * max(float(F.cosine_similarity(h, x, dim=0)) for x in before)
                if score > best:
                    best, choice = float(score), v
        ids = torch.cat([ids, torch.tensor([choice])])
    return ids


@pytest.mark.parametrize(("count", "alpha"), [(4, 0.6), (3, 0.9)])
def test_contrastive_search_by_its_definition(model, prompts, count: int, alpha: float) -> None:
    ids, mask = prompts
    mine = contrastive_search(model, ids, max_new_tokens=6, candidates=count, alpha=alpha, mask=mask)
    for row, text, real in zip(mine, ids, mask, strict=True):
        if hasattr(model, "encode"):
            expected = contrastive_by_definition(model, torch.tensor([2]), 6, count, alpha, text[real])
            assert row.tolist() == expected.tolist()
        else:
            expected = contrastive_by_definition(model, text[real], 6, count, alpha)
            assert row[6 - int(real.sum()) :].tolist() == expected.tolist()
    assert not torch.equal(mine, generate(model, ids, max_new_tokens=6, mask=mask)), "the penalty must matter here"


def test_contrastive_search_without_penalty_or_choice_is_greedy(model, prompts) -> None:
    ids, mask = prompts
    greedy = generate(model, ids, max_new_tokens=10, mask=mask)
    for options in ({"alpha": 0.0}, {"candidates": 1}):
        assert torch.equal(contrastive_search(model, ids, max_new_tokens=10, mask=mask, **options), greedy)
    end = int(greedy[0, -5])
    mine = contrastive_search(model, ids, max_new_tokens=10, mask=mask, alpha=0.0, eos=end, pad=60)
    assert torch.equal(mine, generate(model, ids, max_new_tokens=10, mask=mask, eos=end, pad=60))


def test_contrastive_scores_written_out() -> None:
    p = torch.tensor([[0.5, 0.3]])
    hidden = torch.tensor([[[1.0, 0.0], [1.0, 1.0]]])
    before = torch.tensor([[[-1.0, 0.0], [2.0, 0.0], [0.0, -9.0]]])
    half = 0.5**0.5
    assert contrastive_scores(p, hidden, before, 0.6)[0].tolist() == pytest.approx([0.2 - 0.6, 0.12 - 0.6 * half])
    mask = torch.tensor([[True, False, True]])
    assert contrastive_scores(p, hidden, before, 0.6, mask)[0].tolist() == pytest.approx([0.2, 0.12 + 0.6 * half])


@pytest.mark.parametrize(
    "options",
    [{"beams": 0}, {"returned": 5}, {"early_stopping": "soon"}, {"repetition_penalty": -1.0}, {"max_new_tokens": 99}],
    ids=str,
)
def test_bad_options_of_beams_are_refused(options: dict) -> None:
    with pytest.raises(InvalidInput):
        beam_search(small(), torch.tensor([[1]]), **{"max_new_tokens": 3, **options})


@pytest.mark.parametrize("options", [{"alpha": 1.1}, {"alpha": -0.1}, {"candidates": 0}], ids=str)
def test_bad_options_of_contrastive_search_are_refused(options: dict) -> None:
    with pytest.raises(InvalidInput):
        contrastive_search(small(), torch.tensor([[1]]), max_new_tokens=3, **options)
