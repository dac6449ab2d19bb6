"""What a village is made of, free of any language: entities, facts with a life span, events, scenes.

Ids are readable strings (``"anna"``, ``"red-kite"``, ``"fact-12"``). Time is counted in events: time 0 is the world
as it was founded, event number ``t`` happens at time ``t``, and a fact holds from its start up to, not including, its
end.
"""

from dataclasses import dataclass
from typing import Literal

Value = str | int


@dataclass(frozen=True)
class Person:
    """A villager. What can change (age, home, possessions) stands in the facts.

    Example:
        >>> Person("anna", "Anna", "安娜", "f").id
        'anna'

    Source: None; our own world.
    """

    id: str
    en: str
    zh: str
    sex: Literal["f", "m"]


@dataclass(frozen=True)
class Place:
    """A public place (``kind="public"``) or a house; ``row`` and ``column`` are its cell on the map, north on top.

    Example:
        >>> Place("park", "public", 0, 2).row
        0

    Source: None; our own world.
    """

    id: str
    kind: Literal["public", "house"]
    row: int
    column: int


@dataclass(frozen=True)
class Thing:
    """An object; ``kind`` is a key of `lexicon.KINDS`. Color, material, owner and location stand in the facts.

    Example:
        >>> Thing("red-kite", "kite").kind
        'kite'

    Source: None; our own world.
    """

    id: str
    kind: str


@dataclass(frozen=True)
class Fact:
    """A triple that holds for a while.

    Attributes:
        id: ``"fact-0"``, ``"fact-1"`` ... in the order in which the facts came to hold.
        subject: Id of a person, place or thing, or ``"day-0"`` ... for the weather.
        relation: ``age``, ``job``, ``works_at``, ``lives_in``, ``at``, ``likes``, ``can``, ``mood``, ``parent_of``,
            ``sibling_of``, ``married_to``, ``friend_of``, ``next_to``, ``north_of``, ``south_of``, ``east_of``,
            ``west_of``, ``owner``, ``location``, ``color``, ``material`` or ``weather``.
        value: An id, a key of the lexicon, or a number (age in years).
        start: First time at which it holds; 0 for what held when the world began.
        end: First time at which it holds no more; None if it still holds at the end.
        cause: Id of the event that made it hold; empty for time 0.

    Example:
        >>> fact = Fact("fact-7", "red-kite", "owner", "anna", 0, 12, "")
        >>> fact.holds(11), fact.holds(12)
        (True, False)

    Source: None; our own world.
    """

    id: str
    subject: str
    relation: str
    value: Value
    start: int
    end: int | None
    cause: str

    def holds(self, time: int) -> bool:
        """Whether the fact is true just after the event of that time."""
        return self.start <= time and (self.end is None or time < self.end)


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        id: ``"event-1"``, ``"event-2"`` ...; the number is the time.
        time: Its number.
        day: Day of the week, 0 for Monday.
        part: 0 morning, 1 afternoon, 2 evening.
        kind: ``go``, ``lose``, ``find``, ``give``, ``give_back``, ``lend``, ``sell``, ``make``, ``paint``, ``put_in``,
            ``take_out``, ``put_down``, ``pick_up``, ``move_house``, ``befriend``, ``meet``, ``birthday`` or ``teach``.
        agent: The person who acts.
        place: Where it happens; for ``go`` and ``move_house`` the goal.
        other: The second person, if any.
        thing: The object, if any; for ``go`` one that is carried along.
        source: The place that the agent came from.
        container: What the thing is put into or taken out of.
        value: Price in coins, new color, new age or skill.

    Example:
        >>> Event("event-3", 3, 0, 1, "lose", "anna", "park", thing="red-kite").kind
        'lose'

    Source: None; our own world.
    """

    id: str
    time: int
    day: int
    part: int
    kind: str
    agent: str
    place: str
    other: str = ""
    thing: str = ""
    source: str = ""
    container: str = ""
    value: Value = ""


@dataclass(frozen=True)
class Scene:
    """What can be seen at one place at one time: the raw material of a picture and of its caption.

    Attributes:
        place: Id of the place.
        time: The time.
        weather: Key of the weather.
        people: Ids of those who are there, in the order of the world.
        things: Pairs (thing, holder): the holder is a person who carries it, a container that it lies in, or the place.
        support: Ids of the facts behind the scene.

    Example:
        >>> Scene("park", 3, "sunny", ("anna",), (("red-kite", "anna"),), ("fact-7",)).people
        ('anna',)

    Source: None; our own world.
    """

    place: str
    time: int
    weather: str
    people: tuple[str, ...]
    things: tuple[tuple[str, str], ...]
    support: tuple[str, ...]


@dataclass(frozen=True)
class Sentence:
    """One sentence of a text, with what it states.

    Attributes:
        text: The sentence as it is written.
        words: Its words and punctuation marks.
        support: Ids of the facts and events that it states.
        time: The time that it speaks of; its facts hold then.

    Example:
        >>> Sentence("Anna had a kite.", ("Anna", "had", "a", "kite", "."), ("fact-7",), 3).support
        ('fact-7',)

    Source: None; our own world.
    """

    text: str
    words: tuple[str, ...]
    support: tuple[str, ...]
    time: int


@dataclass(frozen=True)
class Text:
    """A story, or a page about a person, a place, a thing or a day.

    Attributes:
        id: ``"story-3"``, ``"anna"`` ...; unique among the texts of its kind in the world.
        kind: ``"story"``, ``"person"``, ``"place"``, ``"thing"``, ``"day"`` or ``"caption"``.
        paragraphs: Sentences by paragraph.
        language: ``"en"`` or ``"zh"``.

    Example:
        >>> Text("story-0", "story", (), "en").text
        ''

    Source: None; our own world.
    """

    id: str
    kind: str
    paragraphs: tuple[tuple[Sentence, ...], ...]
    language: str

    @property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences in order."""
        return tuple(sentence for paragraph in self.paragraphs for sentence in paragraph)

    @property
    def text(self) -> str:
        """The text: paragraphs on lines of their own, with a blank line between them."""
        blank = " " if self.language == "en" else ""
        return "\n\n".join(blank.join(s.text for s in paragraph) for paragraph in self.paragraphs)


@dataclass(frozen=True)
class Question:
    """A question about the world with its one right answer.

    Attributes:
        id: ``"question-0"`` ...; the same number asks the same thing in both languages.
        kind: What is asked, e.g. ``"owner"`` or ``"job_of_relative"``.
        form: ``who``, ``where``, ``what``, ``when``, ``how_many`` or ``yes_no``.
        args: The ids that the question names, in the order of its kind.
        text: The question.
        answer: The answer in words, as short as it can be.
        value: The answer as ids, keys or numbers; ``("yes",)`` or ``("no",)``; several where all of them
            together are the answer.
        support: Ids of the facts and events that prove it.
        hops: How many facts or events must be combined.

    Example:
        >>> Question("question-0", "owner", "who", ("red-kite",), "Who owns the red kite?", "Anna", ("anna",),
        ...          ("fact-7",), 1).answer
        'Anna'

    Source: None; our own world. Multi-hop questions over simulated worlds: Weston et al. 2015 (arXiv:1502.05698).
    """

    id: str
    kind: str
    form: str
    args: tuple[str, ...]
    text: str
    answer: str
    value: tuple[Value, ...]
    support: tuple[str, ...]
    hops: int
