"""The village that a reader meets: its facts, and its stories, pages, captions and questions in one language."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from minillm.data.village import chronicle as chronicles
from minillm.data.village import pages, plan
from minillm.data.village.chinese import Chinese
from minillm.data.village.chronicle import Chronicle
from minillm.data.village.english import English
from minillm.data.village.episodes import DAYS
from minillm.data.village.lexicon import SITES
from minillm.data.village.queries import queries
from minillm.data.village.schema import Event, Fact, Person, Place, Question, Scene, Text, Thing
from minillm.errors import InvalidInput

_WRITERS: dict[str, type[English] | type[Chinese]] = {"en": English, "zh": Chinese}
_FORMS = {
    "person": "who",
    "place": "where",
    "thing": "what",
    "number": "how_many",
    "time": "when",
    "yes_no": "yes_no",
}


@dataclass(frozen=True, repr=False)
class World:
    """A village and a language to tell of it. Make one with `build`.

    The same seed is the same village in both languages: facts, stories, pages, captions and questions agree number by
    number, and stories sentence by sentence. ``documents()`` serves retrieval, ``scenes()`` pictures with captions.

    Example:
        >>> world = build(seed=0)
        >>> world.story(0).language, build(seed=0, language="zh").facts == world.facts
        ('en', True)

    Source: Worlds simulated to ask questions about: Weston et al. 2015 (arXiv:1502.05698).
    """

    chronicle: Chronicle
    language: str

    def __repr__(self) -> str:
        return f"World(seed={self.seed}, language={self.language!r})"

    @property
    def seed(self) -> int:
        """The seed of the village."""
        return self.chronicle.seed

    @property
    def people(self) -> tuple[Person, ...]:
        """Who lives here."""
        return self.chronicle.people

    @property
    def places(self) -> tuple[Place, ...]:
        """The sixteen places, row by row from north-west to south-east."""
        return self.chronicle.places

    @property
    def things(self) -> tuple[Thing, ...]:
        """All things that there ever are, in the order in which they came to be."""
        return self.chronicle.things

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts that ever hold, in the order in which they came to hold."""
        return self.chronicle.facts

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that happens, in order."""
        return self.chronicle.events

    @property
    def now(self) -> int:
        """The last time; questions in the present tense ask about it."""
        return self.chronicle.now

    def name(self, entity: str) -> str:
        """What a person, place or thing is called.

        Args:
            entity: Its id.

        Returns:
            The name in the world's language.

        Raises:
            InvalidInput: The world has no entity of that id.
        """
        writer = self._writer("name")
        writer.asking, writer.time = True, self.now
        if entity in self.chronicle.person:
            return writer.person(entity, "name")
        if entity in self.chronicle.place:
            site = SITES[entity]
            return site.en if self.language == "en" else site.zh.replace(" ", "")
        if entity in self.chronicle.thing:
            name = writer.thing(entity, "bare")
            return name if self.language == "en" else name.replace(" ", "")
        raise InvalidInput(f"{entity!r} is no person, place or thing of village {self.seed}; ids stand in world.facts.")

    def story(self, index: int) -> Text:
        """One story: some episodes of the week, in order, with what a reader needs to know.

        Args:
            index: 0 or more; the same number is the same story in both languages.

        Returns:
            The story.

        Raises:
            InvalidInput: The index is negative.
        """
        if index < 0:
            raise InvalidInput(f"story number {index}; allowed is 0 and above.")
        return self._write(f"story-{index}", "story", plan.story(self.chronicle, index))

    def stories(self, count: int) -> tuple[Text, ...]:
        """The first stories. About 25 tell of every episode; the ones after tell of the same events in other words.

        Args:
            count: How many, 1 or more.

        Returns:
            ``story(0)`` up to ``story(count - 1)``.

        Raises:
            InvalidInput: The count is below 1.
        """
        if count < 1:
            raise InvalidInput(f"{count} stories; allowed is 1 and above.")
        return tuple(self.story(index) for index in range(count))

    def documents(self) -> tuple[Text, ...]:
        """A page on each person, place, thing and day: what is so at the end, and what happened, for retrieval.

        Returns:
            The pages; their ids are those of the entities.
        """
        written = [
            self._write(entity.id, kind, pages.page(self.chronicle, entity.id))
            for kind, entities in (("person", self.people), ("place", self.places), ("thing", self.things))
            for entity in entities
        ]
        diaries = [self._write(f"day-{day}", "day", pages.diary(self.chronicle, day)) for day in range(DAYS)]
        return (*written, *diaries)

    def scenes(self) -> tuple[Scene, ...]:
        """What could be painted: every place and time where two people or more were together, once a change.

        Returns:
            The scenes, in order of time.
        """
        return tuple(chronicles.scenes(self.chronicle))

    def caption(self, scene: Scene) -> Text:
        """Describe a scene in the present tense, one sentence a fact.

        Args:
            scene: A scene of this world.

        Returns:
            The caption.
        """
        return self._write(f"scene-{scene.time}", "caption", pages.caption(scene))

    def questions(self) -> tuple[Question, ...]:
        """Questions with their one right answer and its proof: who, where, what, when, how many, yes or no.

        Returns:
            About 250, kinds mixed; number by number the same in both languages.
        """
        return self._questions

    def in_language(self, language: str) -> "World":
        """The same village, told in another language.

        Args:
            language: ``"en"`` or ``"zh"``.

        Returns:
            The world.

        Raises:
            InvalidInput: The language is unknown.
        """
        if language not in _WRITERS:
            raise InvalidInput(f"language is {language!r}; allowed are 'en' and 'zh'. Pass one of these.")
        return World(self.chronicle, language)

    @cached_property
    def _questions(self) -> tuple[Question, ...]:
        writer = self._writer("questions")
        return tuple(
            Question(
                id=f"question-{number}",
                kind=query.kind,
                form=_FORMS.get(query.sort, "what"),
                args=tuple(str(arg) for arg in query.args),
                text=writer.ask(query),
                answer=writer.answer(query),
                value=query.value,
                support=query.support,
                hops=query.hops,
            )
            for number, query in enumerate(queries(self.chronicle))
        )

    def _writer(self, purpose: str) -> English | Chinese:
        rng = random.Random(f"village/{self.seed}/{self.language}/{purpose}")
        return _WRITERS[self.language](self.chronicle, rng)

    def _write(self, key: str, kind: str, paragraphs: Sequence[plan.Paragraph]) -> Text:
        return Text(key, kind, self._writer(key).realize(paragraphs), self.language)


def build(seed: int = 0, language: str = "en") -> World:
    """Build a village.

    Args:
        seed: Any whole number. The same seed gives the same village, to the byte, on every machine.
        language: ``"en"`` or ``"zh"``.

    Returns:
        The world: eight to ten people, sixteen places, fifteen things or so, and some 120 events in six days.

    Raises:
        InvalidInput: The language is unknown.

    Example:
        >>> build(3).name("brick-house")
        'brick house'

    Source: Worlds simulated to ask questions about: Weston et al. 2015 (arXiv:1502.05698).
    """
    if language not in _WRITERS:
        raise InvalidInput(f"language is {language!r}; allowed are 'en' and 'zh'. Pass one of these.")
    return World(chronicles.record(seed), language)
