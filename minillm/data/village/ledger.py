"""The ledger of facts: what holds, since when, until when, and why."""

from minillm.data.village.schema import Fact, Value

# One value at a time: a new one ends the old one.
SINGLE = frozenset(
    ["age", "job", "works_at", "lives_in", "at", "mood", "owner", "location", "color", "material", "weather"]
)
SYMMETRIC = frozenset(["sibling_of", "married_to", "friend_of", "next_to"])


class Ledger:
    """Facts under construction; a village keeps the finished tuple.

    Example:
        >>> ledger = Ledger()
        >>> ledger.set("red-kite", "owner", "anna", 0)
        >>> ledger.set("red-kite", "owner", "tom", 5, cause="event-5")
        >>> [(fact.value, fact.start, fact.end) for fact in ledger.facts()]
        [('anna', 0, 5), ('tom', 5, None)]

    Source: None; book-keeping in the manner of the situation calculus.
    """

    def __init__(self) -> None:
        self._facts: list[Fact] = []
        self._open: dict[tuple[str, str], list[int]] = {}

    def set(self, subject: str, relation: str, value: Value, time: int, cause: str = "") -> None:
        """Record that a fact holds from ``time`` on, in both directions if the relation is symmetric.

        Args:
            subject: An entity's id.
            relation: See `schema.Fact`.
            value: An id, a key or a number.
            time: First time at which it holds.
            cause: Id of the event behind it.
        """
        if self.has(subject, relation, value):
            return
        if relation in SINGLE:
            self.end(subject, relation, time)
        self._add(subject, relation, value, time, cause)
        if relation in SYMMETRIC:
            self._add(str(value), relation, subject, time, cause)

    def end(self, subject: str, relation: str, time: int) -> None:
        """End whatever holds of this subject and relation."""
        for index in self._open.pop((subject, relation), []):
            fact = self._facts[index]
            self._facts[index] = Fact(fact.id, subject, relation, fact.value, fact.start, time, fact.cause)

    def get(self, subject: str, relation: str) -> Value | None:
        """The value that holds now; the first one where there are several; None where there is none."""
        values = self.all(subject, relation)
        return values[0] if values else None

    def all(self, subject: str, relation: str) -> list[Value]:
        """All values that hold now, oldest first."""
        return [self._facts[index].value for index in self._open.get((subject, relation), [])]

    def has(self, subject: str, relation: str, value: Value) -> bool:
        """Whether this very fact holds now."""
        return value in self.all(subject, relation)

    def facts(self) -> tuple[Fact, ...]:
        """All facts so far, in the order in which they came to hold."""
        return tuple(self._facts)

    def _add(self, subject: str, relation: str, value: Value, time: int, cause: str) -> None:
        self._open.setdefault((subject, relation), []).append(len(self._facts))
        self._facts.append(Fact(f"fact-{len(self._facts)}", subject, relation, value, time, None, cause))
