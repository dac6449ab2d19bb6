"""One tensor of a published layout and the tensors of ours that it holds.

Source: this project.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from minillm.tokenizers.json_fields import Fields


@dataclass(frozen=True)
class Weight:
    """How one published tensor is made of ours.

    Attributes:
        theirs: Its name in the file.
        ours: Names in our state dict: one, or several that the file stacks along the outputs (GPT-2's fused
            queries, keys and values).
        transposed: The file has inputs first, as GPT-2's ``Conv1D`` has.
        row: The file has a leading axis of length 1 (BART's output bias).
        optional: The file may leave it out; it is zero then.

    Source: the modeling files of transformers.
    """

    theirs: str
    ours: tuple[str, ...]
    transposed: bool = False
    row: bool = False
    optional: bool = False

    def pack(self, state: Mapping[str, Tensor]) -> Tensor:
        """The published tensor.

        Args:
            state: Our tensors by name.

        Returns:
            A fresh tensor, contiguous, on the CPU.

        Example:
            >>> Weight("x", ("a", "b"), transposed=True).pack({"a": torch.ones(2, 3), "b": torch.ones(2, 3)}).shape
            torch.Size([3, 4])

        Source: this project.
        """
        value = torch.cat([state[name].detach().cpu() for name in self.ours])
        value = value.T if self.transposed else value
        return (value[None] if self.row else value).clone(memory_format=torch.contiguous_format)

    def unpack(self, value: Tensor, shapes: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        """Our tensors from the published one.

        Args:
            value: The published tensor.
            shapes: Shape of each of ours.

        Returns:
            Our tensors by name.

        Example:
            >>> Weight("x", ("a",), transposed=True).unpack(torch.ones(3, 4), [(4, 3)])["a"].shape
            torch.Size([4, 3])

        Source: this project.
        """
        value = value[0] if self.row else value
        value = value.T if self.transposed else value
        return dict(zip(self.ours, value.split([shape[0] for shape in shapes]), strict=True))

    def shape(self, shapes: Sequence[Sequence[int]]) -> list[int]:
        """Shape that the published tensor must have.

        Args:
            shapes: Shape of each of ours.

        Returns:
            The shape.

        Example:
            >>> Weight("x", ("a", "b"), transposed=True).shape([(2, 3), (2, 3)])
            [3, 4]

        Source: this project.
        """
        joined = [sum(shape[0] for shape in shapes), *shapes[0][1:]]
        joined = joined[::-1] if self.transposed else joined
        return [1, *joined] if self.row else joined


@dataclass(frozen=True)
class Exchange:
    """All that is needed to read and write the models of one architecture.

    Attributes:
        model_type: The name in ``config.json``.
        model: Our class.
        architectures: The class names in ``config.json`` that we can read.
        prefix: What tensors of the bare model begin with; files without a head leave it out.
        read_config: From the fields of ``config.json`` and the names of the tensors to our configuration.
        write_config: From our configuration to what ``config.json`` says beside ``model_type``; with
            ``architectures``.
        weights: The tensors that a model of this configuration has.
        copies: Tensors that a file may hold as a second copy of another one (tied weights).
        ignored: Pattern of tensors that old files hold and nobody needs (masks, frequencies).
        renamed: Old spellings inside names, as pairs of old and new.

    Source: this project.
    """

    model_type: str
    model: type[nn.Module]
    architectures: tuple[str, ...]
    prefix: str
    read_config: Callable[[Fields, Collection[str]], Any]
    write_config: Callable[[Any], dict[str, Any]]
    weights: Callable[[Any], list[Weight]]
    copies: Callable[[Any], dict[str, str]]
    ignored: str = r"(?!)"
    renamed: tuple[tuple[str, str], ...] = field(default=())
