"""Chinese numerals, as far as the village counts."""

_DIGITS = "零一二三四五六七八九"


def number(value: int) -> str:
    """A number from 0 to 99 in characters.

    Example:
        >>> number(9), number(12), number(20), number(45)
        ('九', '十二', '二十', '四十五')

    Source: Chinese numerals.
    """
    tens, unit = divmod(value, 10)
    if not tens:
        return _DIGITS[unit]
    return f"{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[unit] if unit else ''}"


def count(value: int, measure: str, noun: str = "") -> str:
    """A number of things, with its measure word; two before a measure word is 两.

    Example:
        >>> count(2, "枚", "硬币")
        '两 枚 硬币'

    Source: Chinese grammar.
    """
    return f"{'两' if value == 2 else number(value)} {measure} {noun}".strip()


def listing(items: list[str]) -> str:
    """Items with the enumeration comma and 和.

    Example:
        >>> listing(["安娜", "汤姆", "利奥"])
        '安娜 、 汤姆 和 利奥'

    Source: Chinese punctuation.
    """
    return items[0] if len(items) == 1 else f"{' 、 '.join(items[:-1])} 和 {items[-1]}"
