"""What a model computed on the way, for figures, probes and tests.

Source: this project.
"""

from dataclasses import dataclass, field

from torch import Tensor


@dataclass
class Trace:
    """Filled by a model that is called with ``trace=``: ``trace = Trace(); model(ids, trace=trace)``.

    A model that fills a trace computes attention by the formula rather than the fused kernel.

    Attributes:
        hidden: L + 1 tensors (batch, time, width): the embedding output, then what each block returns. A final norm
            comes after the last of them.
        attention: L maps (batch, heads, queries, keys), after the softmax and before dropout.
        cross: L maps of cross-attention (batch, heads, queries, source), of models that have it.
        encoder: The encoder's own trace, of models that have one and ran it.

    Example:
        >>> Trace().hidden
        []
    """

    hidden: list[Tensor] = field(default_factory=list)
    attention: list[Tensor] = field(default_factory=list)
    cross: list[Tensor] = field(default_factory=list)
    encoder: "Trace | None" = None
