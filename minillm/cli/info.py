"""``minillm info``: how large a model is, and what it costs."""

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from minillm.cli.answers import answers, console, table
from minillm.cli.generate import refuse_unfinished
from minillm.errors import InvalidInput

if TYPE_CHECKING:
    from rich.table import Table

    from minillm.models.sizes import Config


@answers
def info(
    model: Annotated[str, typer.Argument(metavar="DIR|PRESET", help="A model's folder, or a name such as gpt2.")],
    context: Annotated[
        int | None, typer.Option(min=1, help="Tokens of a text; the model's context, if not given.")
    ] = None,
) -> None:
    """Show a model's parameters, operations and memory, by part."""
    from minillm.models.sizes import cache_bytes, count_flops, count_parameters, training_memory

    config, say = _config(model), console()
    length = context or int(getattr(config, "context", 512))
    parameters, flops = count_parameters(config), count_flops(config, length)
    say.print(
        f"{type(config).__name__.removesuffix('Config')}: {sum(parameters.values()):,} parameters, context {length:,}"
    )
    say.print(_shares("parameters", parameters))
    say.print()
    say.print(_shares(f"FLOP a token, forward, at {length:,} tokens", flops))
    say.print()
    memory = training_memory(config)
    rows = [("weights in bfloat16", memory["weights"] // 2)]
    rows += [(f"training in float32: {part}", number) for part, number in memory.items()]
    rows += [("training in float32 with AdamW, without activations", sum(memory.values()))]
    with suppress(InvalidInput):  # a model that does not decode keeps none
        rows.append((f"keys and values of {length:,} tokens in bfloat16", cache_bytes(config, length)))
    say.print(table(["memory", "size"], [(name, _size(number)) for name, number in rows]))


def _config(model: str) -> "Config":
    """The configuration that a name or a folder stands for."""
    from minillm.training.presets import PRESETS

    if Path(model).is_dir():
        refuse_unfinished(model)
        return _read(Path(model))
    known = _published() | {name: preset.model for name, preset in PRESETS.items()}
    if model not in known:
        raise InvalidInput(f"{model!r} is no folder and no preset; there are {', '.join(sorted(known))}")
    return known[model]


def _read(folder: Path) -> "Config":
    """The configuration of a saved model, without its weights."""
    from minillm.models.exchange import EXCHANGES
    from minillm.models.exchange.files import list_tensors
    from minillm.models.exchange.reading import architecture
    from minillm.tokenizers.json_fields import Fields, read_json

    fields = Fields(read_json(folder / "config.json"), folder / "config.json")
    return architecture(fields, EXCHANGES).read_config(fields, list_tensors(folder))


def _published() -> "dict[str, Config]":
    """The presets of the model configurations, such as ``llama-7b`` for ``LlamaConfig.llama_7b``."""
    from minillm.models import BARTConfig, BERTConfig, GPTConfig, LlamaConfig

    kinds = {GPTConfig: "", LlamaConfig: "", BERTConfig: "bert-", BARTConfig: "bart-"}
    return {
        prefix + name.replace("_", "-"): getattr(kind, name)()
        for kind, prefix in kinds.items()
        for name, member in vars(kind).items()
        if isinstance(member, classmethod) and name != "tiny"
    }


def _shares(title: str, parts: dict[str, int]) -> "Table":
    whole = sum(parts.values())
    rows = [(name, number, number / whole) for name, number in parts.items() if number] + [("total", whole, 1.0)]
    digits = len(f"{whole:,}")
    return table([title, "number", "share"], [(name, f"{n:{digits},}", f"{share:6.1%}") for name, n, share in rows])


def _size(number: int) -> str:
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= scale:
            return f"{number / scale:.2f} {unit}"
    return f"{number} bytes"
