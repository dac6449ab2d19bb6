"""The section ``post_processor`` of ``tokenizer.json``: what is put around texts."""

from collections.abc import Mapping
from typing import Any

from minillm.errors import InvalidInput
from minillm.tokenizers.json_fields import Fields
from minillm.tokenizers.template import FIRST, SECOND, Template

_LETTERS = {FIRST: "A", SECOND: "B"}


def write_template(template: Template, ids: Mapping[str, int]) -> dict[str, Any] | None:
    """Write a template as ``TemplateProcessing``.

    Args:
        template: The template.
        ids: Id of every special token.

    Returns:
        The section, or None where nothing is put around texts.

    Example:
        >>> write_template(Template(), {}) is None
        True
    """
    if template == Template():
        return None
    return {
        "type": "TemplateProcessing",
        "single": [_write_piece(name, segment) for name, segment in template.single],
        "pair": [_write_piece(name, segment) for name, segment in template.pair],
        "special_tokens": {
            name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in sorted(template.marks())
        },
    }


def read_template(section: Fields | None, ids: Mapping[str, int]) -> Template:
    """Read ``TemplateProcessing``, ``BertProcessing``, ``RobertaProcessing``, ``ByteLevel`` or a sequence of them.

    Args:
        section: The section, None where the file has null.
        ids: Id of every special token.

    Returns:
        The template.

    Raises:
        FormatError: Something else, or marks whose ids differ from those of the special tokens.

    Example:
        >>> read_template(None, {}) == Template()
        True
    """
    if section is None:
        return Template()
    kinds = ("TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel", "Sequence")
    kind = section.only("type", kinds)
    if kind == "Sequence":
        steps = [Fields(step, section.file, section.where) for step in section.take("processors", list)]
        section.end()
        return _read_sequence(section, steps, ids)
    if kind == "TemplateProcessing":
        template = _read_template_processing(section, ids)
    elif kind == "ByteLevel":
        template = Template()
        section.left.clear()  # its settings change offsets only
    else:
        first, last = (_mark(section, key, ids) for key in ("cls", "sep"))
        if kind == "RobertaProcessing":
            section.take("trim_offsets", bool, True)
            section.only("add_prefix_space", (False, True), True)
        template = Template.bert(first, last) if kind == "BertProcessing" else Template.bart(first, last)
    section.end()
    return template


def _read_sequence(section: Fields, steps: list[Fields], ids: Mapping[str, int]) -> Template:
    """Of several steps only one may put something in."""
    found = [template for template in (read_template(step, ids) for step in steps) if template != Template()]
    if len(found) > 1:
        raise section.error("more than one post-processor that puts tokens in is not supported")
    return found[0] if found else Template()


def _read_template_processing(section: Fields, ids: Mapping[str, int]) -> Template:
    single, pair = (
        tuple(_read_piece(Fields(piece, section.file, f"{section.where}.{key}")) for piece in section.take(key, list))
        for key in ("single", "pair")
    )
    marks = section.take("special_tokens", (dict, list))
    try:
        template = Template(single, pair)
    except InvalidInput as error:
        raise section.error(str(error)) from None
    for name in template.marks():
        if name not in ids:
            raise section.error(f"{name!r} is put in but is not among 'added_tokens'")
    if marks != {name: {"id": name, "ids": [ids[name]], "tokens": [name]} for name in template.marks()}:
        raise section.error("'special_tokens' does not list just the tokens put in, each with its own id")
    return template


def _write_piece(name: str, segment: int) -> dict[str, Any]:
    if name in _LETTERS:
        return {"Sequence": {"id": _LETTERS[name], "type_id": segment}}
    return {"SpecialToken": {"id": name, "type_id": segment}}


def _read_piece(piece: Fields) -> tuple[str, int]:
    sequence = "Sequence" in piece.left
    inner = piece.object("Sequence" if sequence else "SpecialToken")
    piece.end()
    if inner is None:
        raise piece.error("neither a sequence nor a special token")
    name = inner.only("id", ("A", "B")) if sequence else inner.take("id", str)
    segment = inner.take("type_id", int)
    inner.end()
    return f"${name}" if sequence else name, segment


def _mark(section: Fields, key: str, ids: Mapping[str, int]) -> str:
    value = section.take(key, list)
    if len(value) != 2 or type(value[0]) is not str or ids.get(value[0]) != value[1] or type(value[1]) is not int:
        raise section.error(f"{key!r} is not a special token with its own id")
    name: str = value[0]
    return name
