"""One text at a time, in double precision, and gradients by torch from that."""

import pytest
import torch

from minillm.grading.expect import close, equal, is_true

EXACT = {"rtol": 1e-6, "atol": 1e-8}
SIZES = [
    (1, 2, 3, 4, 2),
    (3, 6, 4, 7, 3),
    (5, 9, 3, 5, 4),
]  # batch, time, width, vocab, classes


def padded(rng, batch, time):
    """Padding on the right, on the left, and on both sides; one row may have none, one has a single token."""
    real = torch.zeros(batch, time, dtype=torch.bool)
    for b in range(batch):
        length = 1 if b == 4 else int(rng.integers(2, time))
        start = [0, time - length, int(rng.integers(time - length + 1))][b % 3]
        real[b, start : start + length] = True
    return real


def inputs(rng, batch, time, width, vocab, classes):
    return {
        "hidden": torch.from_numpy(2 * rng.standard_normal((batch, time, width))),
        "ids": torch.from_numpy(rng.integers(vocab, size=(batch, time))),
        "real": padded(rng, batch, time)
        if time > 2
        else torch.ones(batch, time, dtype=torch.bool),
        "labels": torch.from_numpy(rng.integers(classes, size=batch)),
        "embedding": torch.from_numpy(rng.standard_normal((vocab, width))),
        "classifier": torch.from_numpy(rng.standard_normal((width, classes))),
    }


def last(row):
    return max(t for t in range(len(row)) if row[t])


def task_loss(given, places=None):
    """Mean over the texts; places may be wrong ones."""
    terms = []
    for b, row in enumerate(given["real"]):
        place = last(row) if places is None else places[b]
        logits = given["hidden"][b, place] @ given["classifier"]
        terms.append(logits.logsumexp(dim=0) - logits[given["labels"][b]])
    return torch.stack(terms).mean()


def text_losses(given, shift=1, padding=False):
    """For each text, the losses of its guesses."""
    for hidden, ids, real in zip(
        given["hidden"], given["ids"], given["real"], strict=True
    ):
        losses = []
        for t in range(shift, len(ids)):
            if padding or (real[t] and real[t - shift]):
                logits = given["embedding"] @ hidden[t - shift]
                losses.append(logits.logsumexp(dim=0) - logits[ids[t]])
        yield torch.stack(losses) if losses else 0 * hidden[:1, 0]


def language_loss(given, **how):
    return torch.stack([losses.mean() for losses in text_losses(given, **how)]).mean()


def mistakes(given, lam):
    real, time = given["real"], given["real"].shape[1]
    task, language = task_loss(given), language_loss(given)
    batch = len(real)
    rows = list(text_losses(given))
    at = {
        "last_place": [time - 1] * batch,
        "counted": (real.sum(dim=1) - 1).tolist(),
        "first_token": [0] * batch,
    }
    causes = {
        name: task_loss(given, places) + lam * language for name, places in at.items()
    }
    return causes | {
        "unshifted": task + lam * language_loss(given, shift=0),
        "padding_counts": task + lam * language_loss(given, padding=True),
        "mean_of_tokens": task
        + lam * torch.cat([row for row in rows if row.any()]).mean(),
        "summed": task + lam * torch.stack([row.sum() for row in rows]).mean(),
        "mixture": (1 - lam) * task + lam * language,
        "other_one_weighted": lam * task + language,
    }


def test_last_real(submission, rng):
    for batch, time in [(1, 2), (6, 5), (9, 12)]:
        real = padded(rng, batch, time) if time > 2 else torch.tensor([[True, False]])
        right = torch.tensor([last(row) for row in real])
        causes = {
            "counted": real.sum(dim=1) - 1,
            "last_place": torch.full((batch,), time - 1),
            "first_token": real.int().argmax(dim=1),
        }
        close(submission.last_real(real), right, rtol=0, atol=0, causes=causes)
    whole = torch.ones(3, 4, dtype=torch.bool)
    close(submission.last_real(whole), torch.tensor([3, 3, 3]), rtol=0, atol=0)


def test_class_logits(submission, rng):
    for sizes in SIZES:
        given = inputs(rng, *sizes)
        hidden, real, w = given["hidden"], given["real"], given["classifier"]
        batch, rows = len(real), torch.arange(len(real))
        places = torch.tensor([last(row) for row in real])
        mean = (hidden * real[..., None]).sum(dim=1) / real.sum(dim=1, keepdim=True)
        causes = {
            "last_place": hidden[:, -1] @ w,
            "counted": hidden[rows, real.sum(dim=1) - 1] @ w,
            "first_token": hidden[:, 0] @ w,
            "averaged": mean @ w,
        }
        right = hidden[rows, places] @ w
        close(submission.class_logits(hidden, real, w), right, causes=causes, **EXACT)
        single = submission.class_logits(hidden.float(), real, w.float())
        close(single, right.float(), rtol=1e-4, atol=1e-5)
        equal(list(single.shape), [batch, w.shape[1]])


def test_value(submission, rng):
    for sizes in SIZES:
        for lam in (0.0, 0.5, float(rng.uniform(0.1, 0.4)), 1.0):
            given = inputs(rng, *sizes)
            right = task_loss(given) + lam * language_loss(given)
            causes = mistakes(given, lam)
            got = submission.lambda_loss(*given.values(), lam)
            close(got, right, causes=causes, **EXACT)


def gradients(submission, given, lam):
    """The loss, and gradients by hidden states, embedding and classifier."""
    names = ["hidden", "embedding", "classifier"]
    asking = {
        name: value.clone().requires_grad_() if name in names else value
        for name, value in given.items()
    }
    value, found = submission.value_and_grads(
        "lambda_loss",
        *asking.values(),
        lam,
        upstream=torch.tensor(1.0, dtype=torch.float64),
    )
    equal(list(value.shape), [])
    order = list(given)
    zeros = {name: torch.zeros_like(given[name]) for name in names}
    by_name = {name: found.get(str(order.index(name))) for name in names}
    return value.detach(), {
        name: zeros[name] if by_name[name] is None else by_name[name] for name in names
    }


def right_gradients(given, lam):
    names = ["hidden", "embedding", "classifier"]
    own = given | {name: given[name].clone().requires_grad_() for name in names}
    (task_loss(own) + lam * language_loss(own)).backward()
    return {name: own[name].grad for name in names}


def test_gradient_is_the_weighted_sum(submission, rng):
    for sizes in SIZES:
        given = inputs(rng, *sizes)
        _, task = gradients(submission, given, 0.0)
        _, both = gradients(submission, given, 1.0)
        alone = right_gradients(given, 0.0)
        for lam in (0.25, float(rng.uniform(0.4, 0.9))):
            value, mixed = gradients(submission, given, lam)
            close(value, (task_loss(given) + lam * language_loss(given)), **EXACT)
            right = right_gradients(given, lam)
            for name, gradient in mixed.items():
                causes = {
                    "detached": alone[name],
                    "mixture": (1 - lam) * alone[name]
                    + lam * (right_gradients(given, 1.0)[name] - alone[name]),
                }
                close(gradient, right[name], causes=causes, **EXACT)
                close(gradient, task[name] + lam * (both[name] - task[name]), **EXACT)


def test_without_the_language_model(submission, rng):
    """With lam = 0 only the states of the last tokens and the classifier are moved."""
    for sizes in SIZES[1:]:
        given = inputs(rng, *sizes)
        value, found = gradients(submission, given, 0.0)
        close(value, task_loss(given), causes=mistakes(given, 0.0), **EXACT)
        close(found["embedding"], torch.zeros_like(given["embedding"]), rtol=0, atol=0)
        right = right_gradients(given, 0.0)
        time = given["real"].shape[1]
        own = given | {"hidden": given["hidden"].clone().requires_grad_()}
        task_loss(own, [time - 1] * len(given["real"])).backward()
        causes = {"last_place": own["hidden"].grad}
        close(found["hidden"], right["hidden"], causes=causes, **EXACT)
        close(found["classifier"], right["classifier"], **EXACT)


def test_padding_has_no_effect(submission, rng):
    for sizes in SIZES[1:]:
        given = inputs(rng, *sizes)
        real, lam = given["real"], 0.7
        before, _ = gradients(submission, given, lam)
        close(before, task_loss(given) + lam * language_loss(given), **EXACT)
        spoiled = given | {
            "hidden": given["hidden"].clone(),
            "ids": given["ids"].clone(),
        }
        noise = torch.from_numpy(50 * rng.standard_normal(given["hidden"].shape))
        spoiled["hidden"][~real] = noise[~real]
        spoiled["ids"][~real] = 0
        after, found = gradients(submission, spoiled, lam)
        is_true(
            bool((after - before).abs() < 1e-9),
            f"other states and ids at padding change the loss from {before:.4f} to {after:.4f}",
            cause="padding_counts",
        )
        is_true(
            bool((found["hidden"][~real] == 0).all()),
            "states at padding have a gradient",
            cause="padding_counts",
        )
        right = right_gradients(spoiled, lam)
        close(found["hidden"], right["hidden"], **EXACT)


def test_lambda_is_refused(submission, rng):
    given = inputs(rng, *SIZES[1])
    for lam in (-0.01, 1.01, 50.0, float("nan"), -float("inf")):
        with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
            submission.lambda_loss(*given.values(), lam)
    for lam in (0, 1, 0.0, 1.0):
        right = task_loss(given) + lam * language_loss(given)
        close(submission.lambda_loss(*given.values(), lam), right, **EXACT)
