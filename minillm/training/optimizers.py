"""Which parameters are updated by what: groups with and without weight decay, and the optimizers that take them."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from minillm.nn import LearnedPositions
from minillm.training.config import TrainConfig
from minillm.training.muon import Muon


def decayed(model: nn.Module) -> dict[str, bool]:
    """Whether weight decay applies to each parameter: to weights of two and more dimensions, except embeddings.

    Norms and biases are left alone since nothing is gained by pulling a scale to 0; embeddings since a rare token's row
    would only ever be pulled. An output layer that is tied to the embedding is one with it.

    Args:
        model: The model.

    Returns:
        A flag for each name; a parameter that has two names comes once.

    Example:
        >>> decayed(nn.Linear(2, 3))
        {'weight': True, 'bias': False}

    Source: Brown et al. (2020), appendix B; the choice for embeddings is ours.
    """
    embeddings = _embeddings(model)
    return {name: p.ndim >= 2 and id(p) not in embeddings for name, p in model.named_parameters()}


def hidden_matrices(model: nn.Module) -> set[str]:
    """The parameters that Muon is for: the matrices of the layers, so neither embeddings nor the output layer.

    A layer is what stands in a `nn.ModuleList`.

    Args:
        model: The model.

    Returns:
        Their names.

    Example:
        >>> hidden_matrices(nn.ModuleDict({"layers": nn.ModuleList([nn.Linear(4, 4)]), "head": nn.Linear(4, 9)}))
        {'layers.0.weight'}

    Source: Jordan et al. (2024), https://kellerjordan.github.io/posts/muon/.
    """
    layers = [module for module in model.modules() if isinstance(module, nn.ModuleList)]
    inside = {id(parameter) for layer in layers for parameter in layer.parameters()} - _embeddings(model)
    return {name for name, parameter in model.named_parameters() if id(parameter) in inside and parameter.ndim == 2}


def make_optimizers(model: nn.Module, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """The optimizers of a run, with learning rates at their peaks, kept as ``peak`` in each group.

    Args:
        model: The model, on the device where it will be trained.
        config: Names the optimizer and its settings.

    Returns:
        One optimizer, or Muon and AdamW side by side.

    Example:
        >>> [type(o).__name__ for o in make_optimizers(nn.Linear(2, 2), TrainConfig(steps=1))]
        ['AdamW']

    Source: Loshchilov and Hutter (2019), https://arxiv.org/abs/1711.05101; Jordan et al. (2024).
    """
    named = {name: p for name, p in model.named_parameters() if p.requires_grad}
    decays = decayed(model)
    matrices = hidden_matrices(model) if config.optimizer == "muon" else set()
    groups = []
    for decay in (True, False):
        members = [p for name, p in named.items() if decays[name] == decay and name not in matrices]
        if members:
            groups.append({"params": members, "weight_decay": config.weight_decay if decay else 0.0})
    made: list[torch.optim.Optimizer] = []
    if config.optimizer == "sgd":
        made.append(torch.optim.SGD(groups, config.learning_rate, momentum=config.momentum))
    elif groups:
        made.append(torch.optim.AdamW(groups, config.learning_rate, betas=config.betas, fused=_can_fuse(named)))
    if matrices:
        chosen = [named[name] for name in named if name in matrices]
        rate = config.matrix_rate or config.learning_rate
        half = torch.bfloat16 if config.precision == "bfloat16" else None
        made.append(Muon(chosen, rate, config.weight_decay, config.momentum, dtype=half))
    for group in (group for optimizer in made for group in optimizer.param_groups):
        group["peak"] = group["lr"]
    return made


def set_rates(optimizers: Sequence[torch.optim.Optimizer], factor: float | int) -> None:
    """Set every group's learning rate to a share of its peak.

    Args:
        optimizers: From `make_optimizers`.
        factor: The share.

    Example:
        >>> optimizers = make_optimizers(nn.Linear(2, 2), TrainConfig(steps=1, learning_rate=0.1))
        >>> set_rates(optimizers, 0.5)
        >>> optimizers[0].param_groups[0]["lr"]
        0.05

    Source: None; plain book-keeping.
    """
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        group["lr"] = group["peak"] * factor


@torch.no_grad()
def scale_gradients(
    parameters: Sequence[nn.Parameter], count: Shaped[Tensor, ""], clip: float | int | None
) -> Float[Tensor, ""]:
    """Turn gradients of a sum into gradients of a mean, and shorten them to the largest norm that is allowed.

    Both are one multiplication. A parameter that is used in two places, such as a tied embedding, counts once.

    Args:
        parameters: Each once.
        count: The number of terms in the sum, over all micro-batches.
        clip: The largest norm of the mean's gradient; None leaves it.

    Returns:
        The norm of the mean's gradient before it was shortened.

    Example:
        >>> weight = nn.Parameter(torch.zeros(2))
        >>> weight.grad = torch.tensor([30.0, 40.0])
        >>> float(scale_gradients([weight], torch.tensor(10.0), clip=1.0)), weight.grad.norm().round(decimals=3).item()
        (5.0, 1.0)

    Source: Pascanu et al. (2013), https://arxiv.org/abs/1211.5063; transformers issue 34191 for the count.
    """
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = torch.nn.utils.get_total_norm(gradients)
    share = count.to(norm.dtype).reciprocal()
    norm = norm * share
    scale = share if clip is None else share * (clip / (norm + 1e-6)).clamp(max=1)
    torch._foreach_mul_(gradients, scale)
    return norm


def _embeddings(model: nn.Module) -> set[int]:
    return {id(m.weight) for m in model.modules() if isinstance(m, nn.Embedding | LearnedPositions)}


def _can_fuse(named: dict[str, nn.Parameter]) -> bool:
    kinds = {parameter.device.type for parameter in named.values()}
    return kinds <= {"cpu"} or kinds <= {"cuda"}
