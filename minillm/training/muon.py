"""Muon: momentum whose matrix is made orthogonal before it is applied, for the matrices of hidden layers."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from minillm.errors import InvalidInput

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic a x + b x^3 + c x^5 that is iterated: steep at 0, so that small singular values grow fast."""


def orthogonalize(
    matrices: Float[Tensor, "*batch rows columns"], iterations: int = 5
) -> Float[Tensor, "*batch rows columns"]:
    """Bring all singular values near 1 and leave the singular vectors: U S V^T becomes about U V^T.

    A Newton-Schulz iteration on X: X <- a X + b (X X^T) X + c (X X^T)^2 X, which acts on the singular values alone.
    Five rounds bring values down to a thousandth of the norm into about [0.7, 1.2]; more exactness is not
    needed.

    Args:
        matrices: One matrix or a batch of them.
        iterations: Rounds.

    Returns:
        The orthogonalized matrices.

    Example:
        >>> values = torch.linalg.svdvals(orthogonalize(torch.randn(8, 4, generator=torch.Generator().manual_seed(0))))
        >>> bool((values > 0.6).all() and (values < 1.3).all())
        True

    Source: Jordan et al. (2024), https://kellerjordan.github.io/posts/muon/.
    """
    a, b, c = COEFFICIENTS
    tall = matrices.size(-2) > matrices.size(-1)
    x = matrices.mT if tall else matrices
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(iterations):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalized by Newton-Schulz. For matrices only: embeddings, norms and biases go to AdamW.

    Matrices of one shape are orthogonalized together in one batch, which is what makes it cheap for small models.

    Args:
        params: Matrices.
        lr: Learning rate.
        weight_decay: Decoupled, as in AdamW.
        momentum: Of the running mean of gradients; looked ahead by Nesterov's rule.
        scale: ``"spectral"`` multiplies an update by sqrt(max(1, rows / columns)), as Jordan et al.; ``"rms"`` by
            0.2 sqrt(max(rows, columns)), which gives updates of AdamW's size, so that one learning rate does for
            both (Liu et al.).
        dtype: What the iteration computes in; None takes the gradient's on a CPU, and bfloat16 on a GPU.

    Raises:
        InvalidInput: A parameter is not a matrix, or a number is out of its range.

    Example:
        >>> weight = torch.nn.Parameter(torch.eye(4))
        >>> weight.grad = torch.full((4, 4), 0.1)
        >>> _ = Muon([weight], lr=0.1).step()

    Source: Jordan et al. (2024), https://kellerjordan.github.io/posts/muon/; Liu et al. (2025),
    https://arxiv.org/abs/2502.16982.
    """

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | int = 0.02,
        weight_decay: float | int = 0.0,
        momentum: float | int = 0.95,
        scale: str = "rms",
        dtype: torch.dtype | None = None,
    ) -> None:
        if not (lr >= 0 and weight_decay >= 0 and 0 <= momentum < 1):
            raise InvalidInput(f"lr={lr}, weight_decay={weight_decay}, momentum={momentum}: 0 or above, momentum < 1")
        if scale not in ("spectral", "rms"):
            raise InvalidInput(f"scale is {scale!r}; there are spectral and rms")
        super().__init__(params, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "scale": scale})
        self.dtype = dtype
        for parameter in (parameter for group in self.param_groups for parameter in group["params"]):
            if parameter.ndim != 2:
                raise InvalidInput(f"a parameter of shape {tuple(parameter.shape)} is not a matrix: give it to AdamW")

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Update the matrices that have a gradient.

        Args:
            closure: Computes the loss anew; called first, if given.

        Returns:
            The closure's value, or None.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[parameter.shape].append(parameter)
            for parameters in alike.values():
                self._update(parameters, group)
        return loss

    def _update(self, parameters: list[Tensor], group: dict[str, Any]) -> None:
        """Update matrices of one shape."""
        momentum, rate = group["momentum"], group["lr"]
        for parameter in parameters:
            if "momentum" not in self.state[parameter]:
                self.state[parameter]["momentum"] = torch.zeros_like(parameter)
        means = [self.state[parameter]["momentum"] for parameter in parameters]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        torch._foreach_lerp_(means, gradients, 1 - momentum)
        ahead = torch.stack(torch._foreach_lerp(gradients, means, momentum))
        dtype = self.dtype or (torch.bfloat16 if ahead.is_cuda else ahead.dtype)
        updates = orthogonalize(ahead.to(dtype)).to(ahead.dtype)
        rows, columns = parameters[0].shape
        size = max(1, rows / columns) ** 0.5 if group["scale"] == "spectral" else 0.2 * max(rows, columns) ** 0.5
        torch._foreach_mul_(parameters, 1 - rate * group["weight_decay"])
        torch._foreach_add_(parameters, list(updates.unbind()), alpha=-rate * size)
