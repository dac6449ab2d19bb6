"""The sections of ``tokenizer.json`` that cut text into pre-tokens and write bytes as characters."""

from minillm.tokenizers.json_fields import Fields
from minillm.tokenizers.patterns import PATTERNS


def section_of(top: Fields, key: str) -> Fields:
    """A section that must be there.

    Args:
        top: The file's top level.
        key: Its key.

    Returns:
        Its fields.

    Raises:
        FormatError: It is null or missing.

    Example:
        >>> section_of(Fields({"decoder": {}}, "x.json"), "decoder").end()
    """
    section = top.object(key)
    if section is None:
        raise top.error(f"{key!r} is null or missing, which is not supported for this kind of model")
    return section


def read_pattern(top: Fields) -> str:
    """The name of the pre-tokenization pattern.

    Args:
        top: The file's top level.

    Returns:
        A key of ``PATTERNS``.

    Raises:
        FormatError: The section says something we do not have.

    Example:
        >>> read_pattern(top)  # doctest: +SKIP
    """
    section = section_of(top, "pre_tokenizer")
    if section.left.get("type") != "Sequence":
        read_byte_level(section, regex=True)
        return "gpt2"
    section.take("type", str)
    steps = section.take("pretokenizers", list)
    section.end()
    if len(steps) != 2:
        raise section.error(f"{len(steps)} pre-tokenizers in a row are not supported: Split and ByteLevel are")
    split, last = (Fields(step, section.file, "pre_tokenizer.pretokenizers") for step in steps)
    split.only("type", ("Split",))
    pattern = split.object("pattern")
    if pattern is None:
        raise split.error("'pattern' is missing")
    names: dict[str, str] = {text: name for name, text in PATTERNS.items()}
    name = names[pattern.only("Regex", tuple(names))]
    split.only("behavior", ("Isolated",))
    split.only("invert", (False,))
    for fields in (pattern, split):
        fields.end()
    read_byte_level(last, regex=False)
    return name


def read_byte_level(section: Fields, regex: bool | None = None) -> None:
    """Check a ByteLevel step.

    Args:
        section: Its fields.
        regex: Whether it must split by the pattern; None is the decoder, whose settings do nothing.

    Raises:
        FormatError: It is another step, or has another setting.

    Example:
        >>> read_byte_level(Fields({"type": "ByteLevel"}, "x.json"))
    """
    section.only("type", ("ByteLevel",))
    if regex is None:
        section.take("add_prefix_space", bool, True)
    else:
        section.only("add_prefix_space", (False,))
    section.take("trim_offsets", bool, True)
    if section.take("use_regex", bool, True) is not regex and regex is not None:
        raise section.error(f"'use_regex' must be {str(regex).lower()} here")
    section.end()
