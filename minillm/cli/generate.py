"""``minillm generate``: a text goes on."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from minillm.cli.answers import answers
from minillm.errors import InvalidInput

if TYPE_CHECKING:
    from minillm.tokenizers import Tokenizer


@answers
def generate(
    model: Annotated[str, typer.Argument(metavar="DIR", help="A trained model's folder, or its name on the hub.")],
    prompt: Annotated[str, typer.Argument(help="How the text begins.")],
    tokens: Annotated[int, typer.Option("--tokens", "-n", min=1, help="Most tokens to add.")] = 100,
    temperature: Annotated[float, typer.Option(min=0.0, help="0 takes the likeliest token.")] = 0.8,
    top_k: Annotated[int | None, typer.Option(min=1, help="Draw from this many tokens.")] = None,
    top_p: Annotated[float | None, typer.Option(help="Draw from the tokens that have this probability.")] = 0.95,
    min_p: Annotated[float | None, typer.Option(help="Draw from tokens with this share of the highest.")] = None,
    repetition_penalty: Annotated[float, typer.Option(help="Above 1 makes what stands there less likely.")] = 1.0,
    seed: Annotated[int | None, typer.Option(help="Draw the same text again.")] = None,
    stream: Annotated[bool, typer.Option("--stream", help="Show the text as it comes.")] = False,
    device: Annotated[str, typer.Option(help="cpu, cuda; auto takes a GPU if there is one.")] = "auto",
) -> None:
    """Let a model go on with a text."""
    import sys

    import torch

    from minillm.generation import LanguageModel, stream_text
    from minillm.models.pretrained import from_pretrained, tokenizer_from_pretrained
    from minillm.training.device import find_device

    refuse_unfinished(model)
    language_model = from_pretrained(model, device=find_device(device))
    tokenizer = tokenizer_from_pretrained(model)
    if not isinstance(language_model, LanguageModel):
        raise InvalidInput(f"{model} holds a {type(language_model).__name__}, which does not go on with a text")
    chance = torch.Generator(find_device(device))
    chance.manual_seed(seed) if seed is not None else chance.seed()
    pieces = stream_text(
        language_model,
        tokenizer,
        prompt,
        max_new_tokens=tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        eos=_end(tokenizer),
        slide=True,
        generator=chance,
    )
    if stream:
        sys.stdout.write(prompt)
        for piece in pieces:
            sys.stdout.write(piece)
            sys.stdout.flush()
        sys.stdout.write("\n")
    else:
        sys.stdout.write(prompt + "".join(pieces) + "\n")


def refuse_unfinished(model: str) -> None:
    """A run that has not come to its end has checkpoints, and no model yet."""
    folder = Path(model)
    if (folder / "run.json").exists() and not (folder / "config.json").exists():
        raise InvalidInput(f"the run in {folder} has no model yet: minillm train --resume --out {folder}")


def _end(tokenizer: "Tokenizer") -> int | None:
    """The id that ends a text, by one of its usual names."""
    names = ("<|endoftext|>", "</s>", "<|end_of_text|>", "<|im_end|>")
    return next((tokenizer.special_ids[name] for name in names if name in tokenizer.special_ids), None)
