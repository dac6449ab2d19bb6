"""What an output depends on, measured by gradients: the test of causality and the picture of memory."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from minillm.errors import InvalidInput
from minillm.models.early.interface import CausalLM, require_positive


def influence(
    model: CausalLM,
    ids: Int[Tensor, "batch time"],
    positions: list[int] | None = None,
    probes: int = 4,
    seed: int = 0,
) -> Float[Tensor, "outputs time"]:
    r"""Size of the derivative of the logits at one position with respect to the token vector at another.

    For a causal model everything right of the diagonal is exactly zero. The size is the root mean square over
    the rows of the batch of the Jacobian's Frobenius norm, estimated without building the Jacobian: for a
    random vector :math:`u` of independent standard normal numbers, :math:`E \lVert J^\top u \rVert^2 = \lVert
    J \rVert_F^2`.

    Args:
        model: The model.
        ids: Sentences of one length.
        positions: The outputs to look at; None for all.
        probes: Random vectors per output. One is enough to tell zero from not zero.
        seed: Decides the random vectors.

    Returns:
        Row i, column s: how strongly the output at ``positions[i]`` depends on the token at s.

    Raises:
        InvalidInput: A position lies outside the sentences, or there are no probes.

    Example:
        >>> matrix = influence(model, ids)  # doctest: +SKIP
        >>> bool((matrix.triu(1) == 0).all())  # doctest: +SKIP
        True

    Source:
        Hutchinson 1989 for the estimate; Bengio et al. 1994 for the gradient against lag.
    """
    require_positive(probes=probes)
    time = ids.shape[1]
    positions = list(range(time)) if positions is None else positions
    if any(not 0 <= position < time for position in positions):
        raise InvalidInput(f"positions={positions} were asked for; the sentences have positions 0 to {time - 1}.")
    generator = torch.Generator().manual_seed(seed)
    vectors = model.embed(ids).detach().requires_grad_()
    logits = model.predict(vectors)
    rows = []
    for position in positions:
        squares = torch.zeros(time, dtype=vectors.dtype)
        for _ in range(probes):
            probe = torch.randn(logits[:, position].shape, generator=generator).to(logits.dtype)
            (gradient,) = torch.autograd.grad(
                logits[:, position], vectors, grad_outputs=probe, retain_graph=True, materialize_grads=True
            )
            squares += gradient.square().sum(dim=-1).mean(dim=0)
        rows.append((squares / probes).sqrt())
    return torch.stack(rows)
