"""As much English morphology as the village needs."""

# fmt: off
_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen",
    "seventeen", "eighteen", "nineteen",
)
# fmt: on
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# Lemma: past, past participle. Every other verb of the frames is regular.
_IRREGULAR = {
    "be": ("was", "been"),
    "become": ("became", "become"),
    "bring": ("brought", "brought"),
    "buy": ("bought", "bought"),
    "can": ("could", "been able to"),
    "come": ("came", "come"),
    "feel": ("felt", "felt"),
    "find": ("found", "found"),
    "get": ("got", "got"),
    "give": ("gave", "given"),
    "go": ("went", "gone"),
    "have": ("had", "had"),
    "know": ("knew", "known"),
    "leave": ("left", "left"),
    "lend": ("lent", "lent"),
    "lie": ("lay", "lain"),
    "lose": ("lost", "lost"),
    "make": ("made", "made"),
    "meet": ("met", "met"),
    "pay": ("paid", "paid"),
    "put": ("put", "put"),
    "run": ("ran", "run"),
    "see": ("saw", "seen"),
    "sell": ("sold", "sold"),
    "set": ("set", "set"),
    "show": ("showed", "shown"),
    "stand": ("stood", "stood"),
    "take": ("took", "taken"),
    "teach": ("taught", "taught"),
}
_PRESENT = {"be": ("is", "are"), "have": ("has", "have"), "can": ("can", "can"), "go": ("goes", "go")}


def number(value: int) -> str:
    """A number from 0 to 99 in words.

    Example:
        >>> number(42)
        'forty-two'

    Source: English spelling.
    """
    if value < len(_UNITS):
        return _UNITS[value]
    tens, unit = divmod(value, 10)
    return _TENS[tens - 2] + (f"-{_UNITS[unit]}" if unit else "")


def with_article(noun_phrase: str) -> str:
    """A noun phrase with ``a`` or ``an``; right for every word of the lexicon, all of which are spelled as they sound.

    Example:
        >>> with_article("orange umbrella"), with_article("eight-year-old girl")
        ('an orange umbrella', 'an eight-year-old girl')

    Source: English spelling.
    """
    return f"{'an' if noun_phrase[0].lower() in 'aeiou' else 'a'} {noun_phrase}"


def count(value: int, singular: str, plural: str) -> str:
    """A number of things in words.

    Example:
        >>> count(1, "coin", "coins"), count(3, "coin", "coins")
        ('one coin', 'three coins')

    Source: English grammar.
    """
    return f"{number(value)} {singular if value == 1 else plural}"


def listing(items: list[str]) -> str:
    """Items with commas and ``and``.

    Example:
        >>> listing(["Anna", "Tom", "Leo"])
        'Anna, Tom and Leo'

    Source: English punctuation.
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def inflect(lemma: str, tense: str, plural: bool = False) -> str:
    """A verb in the third person.

    Args:
        lemma: Its base form.
        tense: ``"past"``, ``"present"`` or ``"perfect"`` (the past perfect).
        plural: Whether its subject is plural.

    Returns:
        The form.

    Example:
        >>> inflect("carry", "past"), inflect("go", "perfect"), inflect("be", "present", plural=True)
        ('carried', 'had gone', 'are')

    Source: English grammar.
    """
    if tense == "present":
        if lemma in _PRESENT:
            return _PRESENT[lemma][plural]
        return lemma if plural else _third_person(lemma)
    past, participle = _IRREGULAR.get(lemma) or (_regular(lemma), _regular(lemma))
    if tense == "perfect":
        return f"had {participle}"
    return "were" if lemma == "be" and plural else past


def _regular(lemma: str) -> str:
    if lemma.endswith("e"):
        return f"{lemma}d"
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        return f"{lemma[:-1]}ied"
    return f"{lemma}{lemma[-1]}ed" if lemma in ("drop", "chat") else f"{lemma}ed"


def _third_person(lemma: str) -> str:
    if lemma.endswith("y") and lemma[-2] not in "aeiou":
        return f"{lemma[:-1]}ies"
    return f"{lemma}es" if lemma.endswith(("s", "sh", "ch", "x", "o")) else f"{lemma}s"
