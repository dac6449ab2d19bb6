"""A class for a text, from a pre-trained model's last hidden states.

Source: book section 2.3.1 (BERT), equation (2.27) (GPT), section 2.3.3 (BART).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from minillm.errors import InvalidInput
from minillm.models.bart import BART, shift_right
from minillm.models.bert import BERT
from minillm.models.gpt import GPT
from minillm.models.llama import Llama


def last_real(mask: Bool[Tensor, "batch time"]) -> Int[Tensor, "batch"]:
    """Index of the last real token of every row, whichever side is padded.

    Args:
        mask: True at real tokens.

    Returns:
        One index a row; 0 where there is no real token.

    Example:
        >>> last_real(torch.tensor([[True, True, False], [False, True, True]])).tolist()
        [1, 2]

    Source: this project.
    """
    return (mask * torch.arange(mask.shape[1], device=mask.device)).argmax(-1)


class SequenceClassifier(nn.Module):
    """A pre-trained model and one linear layer over classes.

    The layer reads: of GPT and LLaMA, the last real token; of BERT, the pooled first token; of BART, the decoder's
    state at the last real token, where the same text is given to encoder and decoder.

    Args:
        model: The pre-trained model.
        classes: Number of classes.
        dropout: Probability of dropping a feature in training.

    Raises:
        InvalidInput: There is no class, or BERT was built without a pooler.

    Example:
        >>> from minillm.models import GPTConfig
        >>> classifier = SequenceClassifier(GPT(GPTConfig.tiny()), classes=3)
        >>> classifier(torch.zeros(2, 5, dtype=torch.long)).shape
        torch.Size([2, 3])

    Source: book equation (2.27).
    """

    def __init__(self, model: GPT | Llama | BERT | BART, classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        if classes < 1:
            raise InvalidInput(f"classes is {classes}; give 1 or more.")
        if isinstance(model, BERT) and model.pooler is None:
            raise InvalidInput("BERT classifies by its pooler; build it with pooler=True.")
        self.model, self.dropout = model, dropout
        weight = model.token_embedding.weight
        # Equation (2.27) has no bias; BERT's and BART's heads have one.
        biased = isinstance(model, BERT | BART)
        self.classify = nn.Linear(model.config.width, classes, bias=biased, device=weight.device, dtype=weight.dtype)
        nn.init.normal_(self.classify.weight, std=0.02)
        if biased:
            nn.init.zeros_(self.classify.bias)

    def forward(
        self,
        ids: Int[Tensor, "batch time"],
        *,
        mask: Bool[Tensor, "batch time"] | None = None,
        segments: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch classes"]:
        """Logits over the classes.

        Args:
            ids: Token ids; for BART with the end token at the end.
            mask: True at real tokens, False at padding.
            segments: Segment ids, for BERT.

        Returns:
            One logit a class.

        Raises:
            InvalidInput: Segments are given to a model that has none.

        Source: book equation (2.27).
        """
        return self._read(self.hidden(ids, mask=mask, segments=segments), ids, mask)

    def hidden(
        self,
        ids: Int[Tensor, "batch time"],
        *,
        mask: Bool[Tensor, "batch time"] | None = None,
        segments: Int[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time width"]:
        """The model's last hidden states.

        Args:
            ids: As in :meth:`forward`.
            mask: As in :meth:`forward`.
            segments: As in :meth:`forward`.

        Returns:
            One vector a token.

        Raises:
            InvalidInput: Segments are given to a model that has none.

        Source: this project.
        """
        if isinstance(self.model, BERT):
            return self.model.hidden(ids, mask=mask, segments=segments)
        if segments is not None:
            raise InvalidInput(f"segments are BERT's; {type(self.model).__name__} has none.")
        if isinstance(self.model, BART):
            target = shift_right(ids, self.model.config.start_id)
            return self.model.hidden(ids, target, source_mask=mask)
        return self.model.hidden(ids, mask=mask)

    def with_language_model(
        self, ids: Int[Tensor, "batch time"], *, mask: Bool[Tensor, "batch time"] | None = None
    ) -> tuple[Float[Tensor, "batch classes"], Float[Tensor, "batch time vocab"]]:
        """Logits over classes and over tokens from one pass, for fine-tuning with both losses.

        Args:
            ids: Token ids.
            mask: True at real tokens.

        Returns:
            Class logits, and the language model's logits.

        Source: book equation (2.29): the second loss keeps the model from forgetting.
        """
        hidden = self.hidden(ids, mask=mask)
        return self._read(hidden, ids, mask), self.model.head(hidden)

    def _read(self, hidden: Tensor, ids: Tensor, mask: Tensor | None) -> Tensor:
        if isinstance(self.model, BERT):
            features = self.model.pool(hidden)
        elif mask is None:
            features = hidden[:, -1]
        else:
            features = hidden[torch.arange(len(ids), device=ids.device), last_real(mask)]
        if self.dropout:
            features = F.dropout(features, self.dropout, self.training)
        return self.classify(features)
