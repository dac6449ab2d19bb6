"""The chronicle of a village: everything that is and was, with the look-ups that texts and questions need."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from minillm.data.village.episodes import live
from minillm.data.village.lexicon import KINDS
from minillm.data.village.schema import Event, Fact, Person, Place, Scene, Thing, Value
from minillm.data.village.simulation import Episode, Simulation


@dataclass(frozen=True, repr=False)
class Chronicle:
    """A finished village, free of any language. Its clock stands at ``now``, the time of the last event.

    Example:
        >>> chronicle = record(7)
        >>> chronicle.now == len(chronicle.events)
        True

    Source: Worlds simulated to ask questions about: Weston et al. 2015 (arXiv:1502.05698).
    """

    seed: int
    people: tuple[Person, ...]
    places: tuple[Place, ...]
    things: tuple[Thing, ...]
    facts: tuple[Fact, ...]
    events: tuple[Event, ...]
    episodes: tuple[Episode, ...]

    def __repr__(self) -> str:
        return f"Chronicle(seed={self.seed}, {len(self.events)} events, {len(self.facts)} facts)"

    @property
    def now(self) -> int:
        """The last time."""
        return len(self.events)

    @cached_property
    def person(self) -> dict[str, Person]:
        """People by id."""
        return {person.id: person for person in self.people}

    @cached_property
    def place(self) -> dict[str, Place]:
        """Places by id."""
        return {place.id: place for place in self.places}

    @cached_property
    def thing(self) -> dict[str, Thing]:
        """Things by id."""
        return {thing.id: thing for thing in self.things}

    @cached_property
    def event(self) -> dict[str, Event]:
        """Events by id."""
        return {event.id: event for event in self.events}

    @cached_property
    def fact(self) -> dict[str, Fact]:
        """Facts by id."""
        return {fact.id: fact for fact in self.facts}

    @cached_property
    def episode_of(self) -> dict[str, int]:
        """The number of the episode that an event belongs to; walks home at night belong to none."""
        return {key: number for number, episode in enumerate(self.episodes) for key in episode.events}

    def all(self, subject: str, relation: str, time: int) -> tuple[Fact, ...]:
        """The facts of a subject and relation that hold at a time, oldest first."""
        facts = self._index.get((subject, relation), ())
        return tuple(f for f in facts if f.start <= time and (f.end is None or time < f.end))

    def one(self, subject: str, relation: str, time: int) -> Fact | None:
        """The first of these facts, if any."""
        return next(iter(self.all(subject, relation, time)), None)

    def find(self, relation: str, value: Value, time: int) -> tuple[Fact, ...]:
        """The facts with this relation and value that hold at a time, oldest first."""
        facts = self._inverse.get((relation, value), ())
        return tuple(f for f in facts if f.start <= time and (f.end is None or time < f.end))

    def trail(self, entity: str, time: int) -> tuple[Fact, ...]:
        """The facts that lead from a person or a thing to its place: location, location ..., at.

        Args:
            entity: Id of a person or a thing.
            time: When.

        Returns:
            The chain; the last fact's value is the place. Empty if the thing was not made yet.
        """
        chain: list[Fact] = []
        while entity not in self.place:
            fact = self.one(entity, "at" if entity in self.person else "location", time)
            if fact is None:
                return ()
            chain.append(fact)
            entity = str(fact.value)
        return tuple(chain)

    def where(self, entity: str, time: int) -> str:
        """The place where a person or a thing is; empty if the thing was not made yet."""
        trail = self.trail(entity, time)
        return str(trail[-1].value) if trail else ""

    def twins(self, thing: str) -> bool:
        """Whether the village ever has another thing of the same kind."""
        kind = self.thing[thing].kind
        return sum(other.kind == kind for other in self.things) > 1

    def looks(self, thing: str) -> str:
        """The relation that tells a thing from its twins: ``color`` or ``material``."""
        return "color" if KINDS[self.thing[thing].kind].colored else "material"

    def day(self, time: int) -> int:
        """The day of the week on which the event of that time happened; Monday before the first one."""
        return self.events[time - 1].day if time else 0

    def scene(self, place: str, time: int) -> Scene:
        """What can be seen at a place.

        Args:
            place: Its id.
            time: When.

        Returns:
            The people there, and the things that they carry or that lie there, open or inside a container.
        """
        support = [*self.find("at", place, time)]
        people = tuple(person.id for person in self.people if self.where(person.id, time) == place)
        things: list[tuple[str, str]] = []
        for thing in self.things:
            trail = self.trail(thing.id, time)
            if trail and trail[-1].value == place:
                things.append((thing.id, str(trail[0].value)))
                support.append(trail[0])
        weather = self.all(f"day-{self.day(time)}", "weather", time)
        ids = tuple(fact.id for fact in (*support, *weather))
        return Scene(place, time, str(weather[0].value), people, tuple(things), ids)

    @cached_property
    def _index(self) -> dict[tuple[str, str], list[Fact]]:
        index: dict[tuple[str, str], list[Fact]] = {}
        for fact in self.facts:
            index.setdefault((fact.subject, fact.relation), []).append(fact)
        return index

    @cached_property
    def _inverse(self) -> dict[tuple[str, Value], list[Fact]]:
        index: dict[tuple[str, Value], list[Fact]] = {}
        for fact in self.facts:
            index.setdefault((fact.relation, fact.value), []).append(fact)
        return index


def record(seed: int) -> Chronicle:
    """Found a village and let it live through its week.

    Args:
        seed: Any whole number; the same seed gives the same village on every machine and Python version.

    Returns:
        Its chronicle.

    Example:
        >>> record(7).events == record(7).events
        True

    Source: Worlds simulated to ask questions about: Weston et al. 2015 (arXiv:1502.05698).
    """
    sim = Simulation(random.Random(f"village/{seed}"))
    episodes = live(sim)
    return Chronicle(seed, sim.people, sim.places, tuple(sim.things), sim.ledger.facts(), tuple(sim.events), episodes)


def scenes(chronicle: Chronicle) -> Iterator[Scene]:
    """Every scene of two people or more, once for each change of who is there.

    Args:
        chronicle: The village.

    Yields:
        The scenes, in order of time.

    Example:
        >>> all(len(scene.people) > 1 for scene in scenes(record(0)))
        True

    Source: None; our own world.
    """
    shown: set[tuple[str, tuple[str, ...]]] = set()
    for event in chronicle.events:
        scene = chronicle.scene(event.place, event.time)
        if len(scene.people) > 1 and (scene.place, scene.people) not in shown:
            shown.add((scene.place, scene.people))
            yield scene
