"""What a story says and in which order, free of any language: both languages realize one plan, sentence by sentence."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from minillm.data.village.chronicle import Chronicle
from minillm.data.village.schema import Event, Fact

Adverb = Literal["", "part", "same_day", "next_day", "then", "since", "now"]
QUOTED = frozenset(["lose", "give", "give_back", "lend", "sell", "befriend", "birthday", "teach"])


@dataclass(frozen=True)
class Message:
    """One sentence to be: a fact or two, an event or two, or a word spoken at an event.

    Attributes:
        kind: ``state`` (facts), ``tell`` (events) or ``quote`` (one event).
        items: Ids of facts or events.
        time: Facts hold at this time; events have it as their (last) time.
        adverb: How the time is named: ``part`` in full (on Monday morning), ``same_day`` (in the afternoon),
            ``next_day``, ``then``, ``since`` (from then on), ``now`` (in the end) or not at all.
        link: How two items are joined: ``and``, ``where`` or ``after``.
        tense: ``past`` in stories, ``perfect`` for what came before, ``present`` on pages about what is.
        choice: A number that picks among aligned alternatives in both languages.

    Example:
        >>> Message("tell", ("event-1",), 1).link
        ''

    Source: Content planning apart from realization: Reiter and Dale 1997 (doi:10.1017/S1351324997001502).
    """

    kind: Literal["state", "tell", "quote"]
    items: tuple[str, ...]
    time: int
    adverb: Adverb = ""
    link: str = ""
    tense: Literal["past", "perfect", "present"] = "past"
    choice: int = 0


Paragraph = tuple[Message, ...]


def story(chronicle: Chronicle, index: int) -> tuple[Paragraph, ...]:
    """Plan a story: some episodes of the week that share a person, with whatever a reader must know.

    Args:
        chronicle: The village.
        index: Number of the story; every number gives one, and the first ones tell of all episodes in turn.

    Returns:
        Its paragraphs.

    Example:
        >>> from minillm.data.village.chronicle import record
        >>> story(record(0), 3) == story(record(0), 3)
        True

    Source: Content planning apart from realization: Reiter and Dale 1997 (doi:10.1017/S1351324997001502).
    """
    rng = random.Random(f"village/{chronicle.seed}/plan/{index}")
    episodes = [[chronicle.event[key] for key in episode.events] for episode in chronicle.episodes]
    first = episodes[index % len(episodes)]
    heroes = {first[-1].agent, first[-1].other} - {""}
    related = [e for e in episodes if e is not first and {e[-1].agent, e[-1].other} & heroes]
    wanted = rng.choice((0, 0, 1, 1, 2)) if len(first) > 4 else rng.choice((1, 2))
    chosen = [first, *rng.sample(related, min(len(related), wanted))]
    events = sorted((event for episode in chosen for event in episode), key=lambda event: event.time)
    return Teller(chronicle, rng).tell(events)


class Teller:
    """Tells events in order, introduces those who act, and says where they are when that is not clear.

    Example:
        >>> from minillm.data.village.chronicle import record
        >>> chronicle = record(0)
        >>> len(Teller(chronicle, random.Random(0)).tell(chronicle.events[:3])) > 1
        True

    Source: Content planning apart from realization: Reiter and Dale 1997 (doi:10.1017/S1351324997001502).
    """

    def __init__(self, chronicle: Chronicle, rng: random.Random, quotes: float = 0.5, weather: float = 0.6) -> None:
        self.chronicle, self.rng, self.quotes, self.weather = chronicle, rng, quotes, weather
        self.introduced: set[str] = set()
        self.believed: dict[str, str] = {}
        self.adverb: Adverb = ""
        self.then = False
        self.told: list[Event] = []
        self.paragraphs: list[list[Message]] = [[]]

    def tell(self, events: Sequence[Event]) -> tuple[Paragraph, ...]:
        """Plan a text on some events.

        Args:
            events: One or more, in order of time.

        Returns:
            Its paragraphs.
        """
        self._set_scene(events[0])
        index = 0
        while index < len(events):
            event = events[index]
            following = events[index + 1] if index + 1 < len(events) else None
            self._turn_clock(event)
            self._prepare(event)
            link = self._link(event, following) if following else ""
            pair = (event, following) if following and link else (event,)
            self._tell(pair, link)
            index += len(pair)
        self._close(events)
        return tuple(tuple(paragraph) for paragraph in self.paragraphs if paragraph)

    def _tell(self, events: Sequence[Event], link: str) -> None:
        last = events[-1]
        adverb: Adverb = "" if link == "after" and self.adverb == "then" else self.adverb
        self._say(Message("tell", tuple(event.id for event in events), last.time, adverb, link))
        self.adverb = ""
        for event in events:
            for person in filter(None, (event.agent, event.other)):
                self.believed[person] = self.chronicle.where(person, event.time)
        self.told.extend(events)
        if last.kind == "find":
            self._recall(last)
        if last.kind in QUOTED and self.rng.random() < self.quotes:
            self._say(Message("quote", (last.id,), last.time))
        moods = [fact for fact in self.chronicle.facts if fact.cause == last.id and fact.relation == "mood"]
        if moods and self.rng.random() < 0.5:
            self._state(moods[0], time=last.time)

    def _say(self, message: Message) -> None:
        self.paragraphs[-1].append(replace(message, choice=self.rng.randrange(1000)))

    def _state(self, *facts: Fact, time: int, adverb: Adverb = "") -> None:
        link = "and" if len(facts) > 1 else ""
        self._say(Message("state", tuple(fact.id for fact in facts), time, adverb, link))

    def _set_scene(self, event: Event) -> None:
        before = event.time - 1
        weather = self.chronicle.one(f"day-{event.day}", "weather", event.time)
        if weather and self.rng.random() < self.weather:
            self._state(weather, time=event.time)
        hero = event.agent
        self._introduce(hero, before, full=True)
        if self.rng.random() < 0.4:
            home = self.chronicle.one(hero, "lives_in", before)
            self._describe_place(str(home.value) if home else "", before)
        self._prepare_things(event)
        self.paragraphs.append([])

    def _describe_place(self, place: str, time: int) -> None:
        """A sentence on what lies beside a place."""
        relations = ("next_to", "north_of", "south_of", "east_of", "west_of")
        borders = [fact for relation in relations for fact in self.chronicle.all(place, relation, time)]
        if borders and place not in self.introduced:
            self.introduced.add(place)
            self._state(self.rng.choice(borders), time=time)

    def _introduce(self, person: str, time: int, full: bool = False) -> None:
        """A sentence or two on somebody new: a tie to somebody known, or what they are."""
        ties = [fact for fact in self._ties(person, time) if {fact.subject, fact.value} & self.introduced]
        self.introduced.add(person)
        relations = ("age", "lives_in", "job", "likes", "can")
        own = [fact for relation in relations for fact in self.chronicle.all(person, relation, time)]
        if full:
            self._state(own[0], own[1], time=time)
        elif ties and self.rng.random() < 0.8:
            self._state(ties[0], time=time)
            if self.rng.random() < 0.6:
                return
        self._state(self.rng.choice(own[2:] or own), time=time)

    def _ties(self, person: str, time: int) -> list[Fact]:
        """What binds a person to others, with the person as the subject or the value."""
        symmetric = [
            fact
            for relation in ("married_to", "sibling_of", "friend_of")
            for fact in self.chronicle.find(relation, person, time)
        ]
        parents = self.chronicle.find("parent_of", person, time)
        return [*symmetric, *parents, *self.chronicle.all(person, "parent_of", time)]

    def _prepare_things(self, event: Event) -> None:
        """Say whose the things of an event are, and sometimes what they are made of."""
        for thing in filter(None, (event.thing, event.container)):
            owner = self.chronicle.one(thing, "owner", event.time - 1)
            if thing in self.introduced or owner is None:
                continue
            if str(owner.value) not in self.introduced:
                self._introduce(str(owner.value), event.time - 1)
            self.introduced.add(thing)
            self._state(owner, time=event.time - 1)
            material = self.chronicle.one(thing, "material", event.time - 1)
            if material and self.chronicle.looks(thing) == "color" and self.rng.random() < 0.3:
                self._state(material, time=event.time - 1)

    def _prepare(self, event: Event) -> None:
        """Introduce the people and the things of an event, and place whoever the reader believes elsewhere."""
        before, said = event.time - 1, len(self.paragraphs[-1])
        for person in filter(None, (event.agent, event.other)):
            if person not in self.introduced:
                self._introduce(person, before)
        self._prepare_things(event)
        if self.adverb == "then" and len(self.paragraphs[-1]) > said:  # nothing happens in an introduction
            self.adverb = ""
        if event.kind == "make":
            self.introduced.add(event.thing)
        if event.kind in ("go", "move_house"):
            if self.chronicle.place[event.place].kind == "public" and self.rng.random() < 0.15:
                self._describe_place(event.place, before)
            return
        for person in filter(None, (event.other, event.agent)):
            fact = self.chronicle.one(person, "at", before)
            if fact and self.believed.get(person) != fact.value:
                named = self.adverb != "then"
                self._state(fact, time=before, adverb=self.adverb if named else "")
                self.adverb = "" if named else self.adverb
                self.believed[person] = str(fact.value)

    def _link(self, first: Event, second: Event) -> str:
        """How two events in a row make one sentence; empty if they do not."""
        if first.agent != second.agent or (first.day, first.part) != (second.day, second.part):
            return ""
        new = {second.other, second.thing, second.container} - self.introduced - {""}
        away = second.other and self.believed.get(second.other) != second.place
        if new or away or first.kind not in ("go", "pick_up", "find", "take_out") or self.rng.random() < 0.3:
            return ""
        if first.kind == "go" and second.kind not in ("go", "pick_up"):
            return self.rng.choice(("and", "where", "after"))
        return "and" if (first.kind, second.kind) != ("go", "go") else ""

    def _turn_clock(self, event: Event) -> None:
        """Choose how to name the time, and begin a paragraph where it is another one than before."""
        previous = self.told[-1] if self.told else None
        if previous is None:
            self.adverb = "part"
            return
        episodes = self.chronicle.episode_of
        later = (event.day, event.part) != (previous.day, previous.part)
        if later or episodes.get(event.id) != episodes.get(previous.id):
            self.paragraphs.append([])
        if event.day > previous.day:
            options: tuple[Adverb, ...] = ("next_day", "part") if event.day == previous.day + 1 else ("part",)
        elif event.part > previous.part:
            options = ("same_day", "part")
        else:
            options = ("",) if self.then else ("then", "", "")
        self.adverb = self.rng.choice(options)
        self.then = self.adverb == "then"

    def _recall(self, found: Event) -> None:
        """Recall how a thing was lost, if that was told of and is some time ago."""
        lost = [event for event in self.told if event.kind == "lose" and event.thing == found.thing]
        if lost and (lost[-1].day, lost[-1].part) != (found.day, found.part) and self.rng.random() < 0.5:
            self._say(Message("tell", (lost[-1].id,), lost[-1].time, "part", tense="perfect"))

    def _close(self, events: Sequence[Event]) -> None:
        """End on what came of it: facts that the events caused and that hold when they are over."""
        time = events[-1].time
        causes = {event.id for event in events}
        relations = ("owner", "location", "friend_of", "lives_in", "color", "can")
        results = [fact for fact in self.chronicle.facts if fact.cause in causes and fact.holds(time)]
        results = [
            fact
            for fact in results
            if fact.relation in relations
            and fact.subject in self.introduced
            and not (fact.relation == "color" and self.chronicle.event[fact.cause].kind == "make")
        ]
        if not results:
            return
        self.paragraphs.append([])
        last = self.rng.choice(results)
        self._state(last, time=time, adverb="now" if last.relation == "location" else "since")
