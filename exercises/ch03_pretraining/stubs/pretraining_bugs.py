# Find the bugs: a BERT that learns and is wrong (14 points, difficulty 4 of 5, about 45 minutes)
# The statement: https://minillm-book.github.io/minillm/chapters/03_pretraining/exercises.html#find-the-bugs-a-bert-that-learns-and-is-wrong
# To check it: minillm exercises check ch03.pretraining_bugs

"""A small BERT that learns to fill gaps."""

import torch
import torch.nn.functional as F
from torch import nn

IGNORE = -100
PAD_ID = 0
CLS_ID = 1
SEP_ID = 2
MASK_ID = 3  # all ids above are words


def segments_of(ids: torch.Tensor) -> torch.Tensor:
    """Which of the two sentences each place belongs to, of the shape of ids."""
    marks = (ids == SEP_ID).long()
    before = marks.cumsum(dim=1) - marks  # how many [SEP] stand further left
    return ((before > 1) & (ids != PAD_ID)).long()


def hide_tokens(
    ids: torch.Tensor, seed: int, rate: float = 0.15
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ids with gaps, and what is asked for."""
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand(ids.shape, generator=generator) < rate
    hidden = drawn & (ids != MASK_ID)
    labels = ids.masked_fill(ids == PAD_ID, IGNORE)
    return ids.masked_fill(hidden, MASK_ID), labels


class GapLayer(nn.Module):
    """Attention and a feed-forward layer, each followed by a norm."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.mix = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.last_norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The mask broadcasts to (batch, heads, queries, keys); True may be seen."""
        q, k, v = (
            part(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        scores = q @ k.mT / q.shape[-1] ** 0.5
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
        mixed = (scores.softmax(dim=-1) @ v).transpose(1, 2).flatten(2)
        x = self.norm(x + self.mix(mixed))
        return self.last_norm(x + self.down(F.gelu(self.up(x))))


class TinyBERT(nn.Module):
    """An encoder with one output: a score for every word at every place."""

    def __init__(
        self,
        vocab: int,
        places: int,
        width: int,
        heads: int,
        layers: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.dropout = dropout
        self.token = nn.Embedding(vocab, width)
        self.place = nn.Embedding(places, width)
        self.segment = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(GapLayer(width, heads) for _ in range(layers))
        self.output = nn.Linear(width, vocab)
        self.output.weight = nn.Parameter(self.token.weight.clone())

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits (batch, time, vocab)."""
        x = self.token(ids) + self.segment(segments_of(ids))
        x = self.norm(x + self.place.weight[: ids.shape[1]])
        real = ids != PAD_ID
        x = F.dropout(x, self.dropout)
        mask = real[:, None, :, None]
        for layer in self.layers:
            x = layer(x, mask)
        return self.output(x)


def gap_loss(
    model: TinyBERT, noised: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Mean loss over what is asked for."""
    return F.cross_entropy(model(noised).mT, labels, ignore_index=IGNORE)


def evaluate(model: TinyBERT, noised: torch.Tensor, labels: torch.Tensor) -> float:
    """The loss as the model is used; it stays in the mode it was in."""
    mode = model.training
    model.eval()
    with torch.no_grad():
        loss = gap_loss(model, noised, labels).item()
    model.train(mode)
    return loss


def train_step(model: TinyBERT, ids: torch.Tensor, seed: int, rate: float) -> float:
    """Make gaps, and go one step down the gradient; the loss before the step."""
    model.zero_grad()
    loss = gap_loss(model, *hide_tokens(ids, seed))
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= rate * parameter.grad
    return loss.item()
