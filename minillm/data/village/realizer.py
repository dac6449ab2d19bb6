"""From plans to sentences: what both languages share, as roles, what was mentioned, and when a pronoun is safe."""

import random
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from minillm.data.village.chronicle import Chronicle
from minillm.data.village.plan import Message, Paragraph
from minillm.data.village.queries import Query
from minillm.data.village.schema import Event, Fact, Sentence, Value

# A frame is a sentence with slots: {role} or {form:role} for a noun phrase, [lemma] or [lemma|pl] for an English verb.
SLOT = re.compile(r"\{(?:(?P<form>\w+):)?(?P<role>\w+)\}|\[(?P<lemma>\w+)(?P<plural>\|pl)?\]")
SUBJECT = "{a} "

Frames = Mapping[str, Sequence[str]]
_ROLES_OF_FACTS = {
    **dict.fromkeys(("works_at", "lives_in", "at"), "ap"),
    **dict.fromkeys(("parent_of", "sibling_of", "married_to", "friend_of"), "ab"),
    **dict.fromkeys(("next_to", "north_of", "south_of", "east_of", "west_of"), "pq"),
    **dict.fromkeys(("color", "material"), "xv"),
    "owner": "xa",
    "weather": "dv",
}


class Realizer:
    """Writes one text. A language adds its frames and says how noun phrases, verbs and adverbs look.

    A person may become a pronoun when it is the subject and was the first person of the previous sentence, or when
    it was named in this or the previous sentence and nobody else of the same sex was named there or acts now. A thing
    or a place may only when there is no other one.

    Example:
        >>> from minillm.data.village.chronicle import record
        >>> Realizer(record(0), random.Random(0)).known
        set()

    Source: Surface realization with templates: Reiter and Dale 1997 (doi:10.1017/S1351324997001502).
    """

    conjunction = " and "
    events: ClassVar[Frames] = {}
    facts: ClassVar[Frames] = {}
    quotes: ClassVar[Frames] = {}
    questions: ClassVar[Frames] = {}

    def __init__(self, chronicle: Chronicle, rng: random.Random) -> None:
        self.chronicle, self.rng = chronicle, rng
        self.known: set[str] = set()
        self.before: list[str] = []
        self.now: list[str] = []
        self.support: list[str] = []
        self.roles: dict[str, Value] = {}
        self.time = 0
        self.tense = "past"
        self.at_start = True
        self.last_adverb = ""
        self.asking = False

    def realize(self, paragraphs: Sequence[Paragraph]) -> tuple[tuple[Sentence, ...], ...]:
        """Write a text.

        Args:
            paragraphs: Its plan.

        Returns:
            One sentence a message, by paragraph.
        """
        written = []
        for paragraph in paragraphs:
            self.before = [entity for entity in self.before if self.sort(entity) == "person"]
            written.append(tuple(self.sentence(message) for message in paragraph))
        return tuple(written)

    def sentence(self, message: Message) -> Sentence:
        """Write one sentence and remember whom and what it mentions."""
        self.now, self.support = [], list(message.items)
        self.tense = message.tense
        if message.kind == "state":
            body = self.state(message)
        elif message.kind == "tell":
            body = self.tell(message)
        else:
            body = self.quote(message)
        text, words = self.finish(body, message)
        self.before = self.now
        self.known.update(self.now)
        return Sentence(text, words, tuple(dict.fromkeys(self.support)), message.time)

    def state(self, message: Message) -> str:
        """The clause of one fact, or of two joined facts on one person."""
        facts = [self.chronicle.fact[key] for key in message.items]
        clauses: list[str] = []
        for fact in facts:
            self.roles, self.time = self.roles_of_fact(fact, message.time), message.time
            frame = self.choose(self.facts[self.fact_key(fact, message.time)], joined=len(facts) > 1)
            clauses.append(self.fill(frame[len(SUBJECT) :] if clauses else frame, subject=not clauses))
        return self.join(clauses)

    def tell(self, message: Message) -> str:
        """The clause of one event, or of two joined events with one agent."""
        events = [self.chronicle.event[key] for key in message.items]
        if len(events) == 2:
            return self.tell_two(events[0], events[1], message.link)
        self.enter(events[0])
        return self.fill(self.choose(self.events[self.event_key(events[0])]))

    def quote(self, message: Message) -> str:
        """What is said at an event; the alternatives stand in the same order in both languages."""
        event = self.chronicle.event[message.items[0]]
        self.enter(event)
        frames = self.quotes[event.kind]
        return self.fill(frames[message.choice % len(frames)])

    def choose(self, frames: Sequence[str], joined: bool = False) -> str:
        """A frame for the roles at hand, most often one that begins with a person who was named just now, or with the
        topic of the previous sentence, and one that lets a thing named just now be a pronoun.

        Args:
            frames: What there is to choose from.
            joined: Whether only simple frames that begin with the agent will do.

        Returns:
            One of them.
        """
        if joined:
            frames = [frame for frame in frames if frame.startswith(SUBJECT) and self.conjunction not in frame]
        if self.roles.get("x") in self.now:
            frames = [frame for frame in frames if "{x}" in frame] or frames
        topics = [entity for entity in self.before if entity in self.chronicle.person or entity == self.before[0]]
        topical = [frame for frame in frames if self._first_entity(frame) in topics]
        return self.rng.choice(topical if topical and self.rng.random() < 0.85 else list(frames))

    def _first_entity(self, frame: str) -> str:
        slot = SLOT.search(frame)
        return str(self.roles.get(slot["role"] or "", "")) if slot else ""

    def fresh_adverb(self, adverbs: list[str]) -> str:
        """One of some adverbs, if possible not the one used last."""
        fresh = [adverb for adverb in adverbs if adverb != self.last_adverb]
        self.last_adverb = self.rng.choice(fresh or adverbs)
        return self.last_adverb

    def enter(self, event: Event) -> None:
        """Take the roles of an event. Its things are described as they were just before."""
        self.time = event.time if event.kind == "make" else event.time - 1
        names = ("agent", "other", "thing", "place", "source", "container", "value")
        filled = {role: getattr(event, name) for role, name in zip("abxpqcv", names, strict=True)}
        self.roles = {role: value for role, value in filled.items() if value != ""}

    def roles_of_fact(self, fact: Fact, time: int) -> dict[str, Value]:
        """Which role the subject and the value of a fact play in its frames."""
        if fact.relation == "location":
            key = {"person": "a", "place": "p", "thing": "c"}[self.sort(str(fact.value))]
            return {"x": fact.subject, key: fact.value}
        roles = _ROLES_OF_FACTS.get(fact.relation, "av")
        return dict(zip(roles, (fact.subject, fact.value), strict=True))

    def event_near(self, message: Message) -> Event:
        """The event whose day a message may name: the one told, or the one that comes after the stated facts."""
        index = message.time - (message.kind == "tell")
        return self.chronicle.events[min(index, self.chronicle.now - 1)]

    def fact_key(self, fact: Fact, time: int) -> str:
        """The key of the frames of a fact: its relation, made finer where wording depends on more."""
        if fact.relation == "location":
            return f"location_{self.sort(str(fact.value))}"
        if fact.relation == "owner" and not self.is_new(fact.subject):
            return "owner_known"
        home = self.chronicle.one(fact.subject, "lives_in", time)
        if fact.relation == "at" and home and home.value == fact.value:
            self.support.append(home.id)
            return "at_home"
        return fact.relation

    def event_key(self, event: Event) -> str:
        """The key of the frames of an event: its kind, made finer for walks home and with something in hand."""
        if event.kind != "go":
            return event.kind
        home = self.chronicle.one(event.agent, "lives_in", event.time)
        key = "go"
        if home and home.value == event.place:
            self.support.append(home.id)
            key = "go_home"
        return f"{key}_with" if event.thing else key

    def fill(self, frame: str, subject: bool = True) -> str:
        """Replace the slots of a frame.

        Args:
            frame: The frame.
            subject: Whether the frame still has its subject, which is what comes before the first verb.

        Returns:
            The clause.
        """
        self.at_start = subject
        return SLOT.sub(self._slot, frame)

    def _slot(self, match: re.Match[str]) -> str:
        if match["lemma"]:
            self.at_start = False
            return self.verb(match["lemma"], bool(match["plural"]))
        return self.phrase(match["form"] or "", match["role"])

    def phrase(self, form: str, role: str) -> str:
        """The noun phrase for a slot."""
        value = self.roles[role]
        sort = self.sort(str(value)) if role in "abxpqc" else "value"
        if sort == "person":
            return self.person(str(value), form)
        if sort == "place":
            return self.place(str(value), form)
        if sort == "thing":
            return self.thing(str(value), form)
        return self.value(value, form)

    def sort(self, entity: str) -> str:
        """Whether an id is that of a person, a place or a thing."""
        if entity in self.chronicle.person:
            return "person"
        return "place" if entity in self.chronicle.place else "thing"

    def mention(self, entity: str) -> None:
        """Note that the sentence names an entity, or means it by a pronoun."""
        if entity not in self.now:
            self.now.append(entity)

    def is_new(self, entity: str) -> bool:
        """Whether the text has not named an entity so far."""
        return entity not in self.known and entity not in self.now

    def pronoun_is_safe(self, entity: str) -> bool:
        """Whether a pronoun can only mean this entity; in a question none is safe."""
        if self.asking:
            return False
        recent = [*self.before, *self.now]
        if self.at_start and not self.now and self.topic() == entity:
            return True
        near = [*recent, *(str(self.roles[role]) for role in "abxpqc" if role in self.roles)]
        return entity in recent and all(other == entity for other in near if self.rivals(entity, other))

    def is_home(self, place: str) -> bool:
        """Whether a place is the home of the one who acts; the fact joins the sentence's support."""
        agent = str(self.roles.get("a", ""))
        home = self.chronicle.one(agent, "lives_in", self.time)
        if home is None or home.value != place or agent not in self.now or self.asking:
            return False
        self.support.append(home.id)
        return True

    def topic(self) -> str:
        """The first person of the previous sentence; empty if it had none."""
        return next((entity for entity in self.before if entity in self.chronicle.person), "")

    def rivals(self, entity: str, other: str) -> bool:
        """Whether the two would share a pronoun."""
        people = self.chronicle.person
        if entity in people or other in people:
            return entity in people and other in people and people[entity].sex == people[other].sex
        return self.sort(entity) == self.sort(other)

    def ask(self, query: Query) -> str:
        """Write a question: names instead of pronouns, and things told apart from all others."""
        self.asking, self.time, self.at_start = True, self.chronicle.now, False
        self.before, self.now = [], []
        self.roles = dict(zip(query.roles, query.args, strict=True))
        return self.fill(self.rng.choice(self.questions[query.kind]), subject=False)

    def cite(self, subject: str, relation: str, time: int | None = None) -> Value | None:
        """The value of a fact that a noun phrase states; the fact joins the sentence's support."""
        fact = self.chronicle.one(subject, relation, self.time if time is None else time)
        if fact is None:
            return None
        self.support.append(fact.id)
        return fact.value

    def person(self, entity: str, form: str) -> str:
        """A noun phrase for a person."""
        raise NotImplementedError

    def place(self, entity: str, form: str) -> str:
        """A noun phrase, or a phrase with its preposition, for a place."""
        raise NotImplementedError

    def thing(self, entity: str, form: str) -> str:
        """A noun phrase for a thing."""
        raise NotImplementedError

    def value(self, value: Value, form: str) -> str:
        """The words for a number, a color and the like."""
        raise NotImplementedError

    def verb(self, lemma: str, plural: bool) -> str:
        """A verb in the tense of the sentence."""
        raise NotImplementedError

    def join(self, clauses: Sequence[str]) -> str:
        """Clauses with one subject as one clause."""
        raise NotImplementedError

    def tell_two(self, first: Event, second: Event, link: str) -> str:
        """Two events in one sentence."""
        raise NotImplementedError

    def finish(self, body: str, message: Message) -> tuple[str, tuple[str, ...]]:
        """The written sentence and its words: adverb, capital, full stop."""
        raise NotImplementedError
