"""A property for each fault, and a whole step once more, written as formulas over the model's weights."""

import math

import torch
import torch.nn.functional as F

from minillm.grading.expect import close, equal, is_true

PAD, CLS, SEP, MASK, IGNORE = 0, 1, 2, 3, -100
SIZES = {"vocab": 15, "places": 16, "width": 8, "heads": 2, "layers": 2, "dropout": 0.0}


def texts(rng, batch=4, time=12, room=2, vocab=15):
    """Rows of one sentence or two, the shortest with much padding, and all with a little."""
    rows = []
    for b in range(batch):
        first, second = (int(rng.integers(1, 4)) for _ in range(2))
        row = [CLS, *rng.integers(4, vocab, size=first).tolist(), SEP]
        if b % 3 != 2:
            row += [*rng.integers(4, vocab, size=second).tolist(), SEP]
        rows.append(row + [PAD] * (time + room - len(row)))
    return torch.tensor(rows)


def built(submission, **changes):
    return submission.build("TinyBERT", **(SIZES | changes))


def logits(model, ids, vocab=15):
    """Logits of the right shape, or the check ends here."""
    got = model(ids)
    equal(list(getattr(got, "shape", [])), [*ids.shape, vocab])
    is_true(bool(got.isfinite().all()), "the logits should be finite")
    return got.detach()


def segments(ids, first_mark=0, padding=0):
    rows = []
    for row in ids.tolist():
        seen, out = 0, []
        for token in row:
            inside = seen > 0 or (first_mark and token == SEP)
            out.append(padding if token == PAD else int(bool(inside)))
            seen += token == SEP
        rows.append(out)
    return torch.tensor(rows)


def test_segments(submission, rng):
    for _ in range(3):
        ids = texts(rng)
        causes = {
            "all_segments_zero": torch.zeros_like(ids),
            "mark_of_the_second": segments(ids, first_mark=1),
            "padding_of_the_second": segments(ids, padding=1),
        }
        got = submission.segments_of(ids)
        close(got, segments(ids), rtol=0, atol=0, causes=causes)


def gaps(submission, ids, seed, rate):
    got = submission.hide_tokens(ids, seed, rate)
    is_true(
        type(got) is tuple and len(got) == 2, "a tuple of ids and labels is expected"
    )
    for tensor in got:
        is_true(type(tensor) is torch.Tensor, "ids and labels should be tensors")
        equal((str(tensor.dtype), list(tensor.shape)), ("torch.int64", list(ids.shape)))
    return got


def test_special_tokens_stay(submission, rng):
    """Whatever the labels are: [CLS], [SEP] and padding stand where they stood, and words are hidden."""
    ids = texts(rng, batch=40)
    words = ids > MASK
    for rate in (1.0, 0.5):
        noised, _ = gaps(submission, ids, int(rng.integers(1000)), rate)
        is_true(
            bool((noised == ids)[~words].all()),
            f"with rate {rate} special tokens or padding were replaced",
            cause="special_hit",
        )
        hidden = (noised == MASK)[words]
        is_true(
            bool((hidden | (noised == ids)[words]).all()), "a word became another word"
        )
        share = hidden.double().mean().item()
        is_true(
            abs(share - rate) <= (0.3 if rate < 1 else 0),
            f"with rate {rate} a share of {share:.2f} of the words was hidden",
        )


def test_only_gaps_are_asked_for(submission, rng):
    """Looked at where words are; what becomes of special tokens is the check before."""
    ids = torch.from_numpy(rng.integers(4, 15, size=(50, 80)))
    for rate in (0.15, 0.5):
        noised, labels = gaps(submission, ids, int(rng.integers(1000)), rate)
        hidden, asked = noised == MASK, labels != IGNORE
        seen = int((asked & ~hidden).sum())
        is_true(
            seen == 0,
            f"{seen} words are asked for and can be seen, beside {int(hidden.sum())} gaps",
            cause="everything_asked",
        )
        close(labels, torch.where(hidden, ids, IGNORE), rtol=0, atol=0)
        close(noised, torch.where(hidden, MASK, ids), rtol=0, atol=0)
        share = hidden.double().mean().item()
        spread = 5 * (rate * (1 - rate) / ids.numel()) ** 0.5
        is_true(
            abs(share - rate) < spread,
            f"with rate {rate} a share of {share:.3f} of the words was hidden",
        )


def test_padding_is_not_seen(submission, rng):
    model = built(submission)
    ids = texts(rng, room=0)
    before = logits(model, ids)
    real = ids != PAD
    for more in (1, 4):
        longer = torch.cat([ids, ids.new_full((len(ids), more), PAD)], dim=1)
        moved = (
            (logits(model, longer)[:, : ids.shape[1]] - before)[real].abs().max().item()
        )
        is_true(
            moved < 1e-4,
            f"{more} more PAD at the end change the logits of real tokens by {moved:.2g}",
            cause="padding",
        )
    full = torch.from_numpy(rng.integers(4, 15, size=(2, 9)))
    first = logits(model, full)
    for place in (0, 4, 8):
        other = full.clone()
        other[:, place] = 4 + (full[:, place] - 3) % 11
        moved = (logits(model, other) - first).abs().amax(dim=(0, 2))
        is_true(
            bool((moved > 1e-5).all()),
            f"another word at place {place} should change the logits at every place, before it and after it",
            cause="blind",
        )


def test_nothing_is_dropped_in_use(submission, rng):
    """The mean over copies of one row is that of the row, unless each copy lost other numbers."""
    model = built(submission, dropout=0.4)
    losses = []
    for _ in range(2):
        row = torch.from_numpy(rng.integers(4, 15, size=(1, 8)))
        labels = torch.from_numpy(rng.integers(4, 15, size=(1, 8)))
        once = submission.evaluate(model, row, labels)
        is_true(
            type(once) is float and once > 0.01, "the loss should be a positive float"
        )
        for copies in (2, 5):
            several = submission.evaluate(
                model, row.repeat(copies, 1), labels.repeat(copies, 1)
            )
            is_true(
                type(several) is float and abs(several - once) < 1e-4 * once,
                f"one row has a loss of {once:.4f} in evaluation, {copies} copies of it have {several}",
                cause="dropped",
            )
        losses.append(once)
        is_true(
            model.get("training") is True,
            "after the evaluation the model is not in training mode",
            cause="mode_changed",
        )
        learning = [
            float(
                submission.gap_loss(
                    model, row.repeat(n, 1), labels.repeat(n, 1)
                ).detach()
            )
            for n in (1, 5)
        ]
        is_true(
            abs(learning[0] - learning[1]) > 1e-4,
            "in training the copies of a row should lose different numbers",
            cause="never_dropped",
        )
    is_true(abs(losses[0] - losses[1]) > 1e-4, "other words should have another loss")


def test_one_table(submission, rng):
    """By gradient: the output teaches the embeddings of words that do not occur, and no second table is there."""
    model = built(submission)
    ids = torch.from_numpy(rng.integers(4, 8, size=(2, 6)))
    upstream = torch.from_numpy(rng.standard_normal((2, 6, 15))).float()
    value, gradients = model.value_and_grads("forward", ids, upstream=upstream)
    equal(list(value.shape), [2, 6, 15])
    gradient = gradients.get("token.weight")
    is_true(gradient is not None, "token.weight gets no gradient")
    absent = gradient[8:].abs().amax(dim=1)
    is_true(
        bool((absent > 1e-6).all()),
        "the embeddings of words that do not occur get no gradient: the output has a table of its own",
        cause="two_tables",
    )
    tables = [p for p in model.named_parameters().values() if list(p.shape) == [15, 8]]
    is_true(len(tables) == 1, f"there are {len(tables)} tables", cause="two_tables")


def norm(x, p, name):
    return F.layer_norm(x, x.shape[-1:], p[f"{name}.weight"], p[f"{name}.bias"])


def linear(x, p, name):
    return F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])


def right_logits(p, ids, heads, layers):
    """One head after the other; p holds the parameters by name."""
    x = p["token.weight"][ids] + p["segment.weight"][segments(ids)]
    x = norm(x + p["place.weight"][: ids.shape[1]], p, "norm")
    real = (ids != PAD)[:, None, :]
    own = x.shape[-1] // heads
    for i in range(layers):
        q, k, v = (
            linear(x, p, f"layers.{i}.{name}") for name in ("query", "key", "value")
        )
        mixed = []
        for j in range(heads):
            part = slice(j * own, (j + 1) * own)
            scores = (q[..., part] @ k[..., part].mT) / own**0.5
            mixed.append(
                scores.masked_fill(~real, -math.inf).softmax(dim=-1) @ v[..., part]
            )
        x = x + linear(torch.cat(mixed, dim=-1), p, f"layers.{i}.mix")
        x = norm(x, p, f"layers.{i}.norm")
        wide = F.gelu(linear(x, p, f"layers.{i}.up"))
        x = norm(x + linear(wide, p, f"layers.{i}.down"), p, f"layers.{i}.last_norm")
    return F.linear(x, p["token.weight"], p["output.bias"])


def parameters(model):
    return {
        name: value.detach().clone() for name, value in model.named_parameters().items()
    }


def test_whole_step(submission, rng):
    for heads, layers in [(2, 1), (4, 2)]:
        model = built(submission, heads=heads, layers=layers)
        before, ids, rate = parameters(model), texts(rng, batch=12), 0.1
        one = 12 * 8**2 + 13 * 8  # weights and biases of a layer
        equal(
            sum(p.numel() for p in before.values()),
            8 * (15 + 16 + 2 + 2) + layers * one + 15,
        )
        for seed in rng.integers(1000, size=2).tolist():
            noised, labels = submission.hide_tokens(ids, seed)
            hidden = noised == MASK
            close(noised, torch.where(hidden, MASK, ids), rtol=0, atol=0)
            close(labels, torch.where(hidden, ids, IGNORE), rtol=0, atol=0)
            is_true(bool(hidden.any()), "nothing was hidden")
            is_true(bool((ids[hidden] > MASK).all()), "not only words are hidden")
            own = {
                name: value.clone().requires_grad_() for name, value in before.items()
            }
            guesses = right_logits(own, noised, heads, layers)
            close(logits(model, noised), guesses.detach(), rtol=1e-3, atol=1e-4)
            loss = F.cross_entropy(guesses[hidden], ids[hidden])
            loss.backward()
            got = submission.train_step(model, ids, seed, rate)
            close(got, float(loss.detach()), rtol=1e-4)
            after = parameters(model)
            for name, value in own.items():
                right = (value - rate * value.grad).detach()
                close(after[name], right, rtol=1e-3, atol=1e-5)
            before = after
