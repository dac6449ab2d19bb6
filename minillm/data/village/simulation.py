"""The simulation: every act checks that it is possible, enters its event, and changes the facts it changes."""

import random
from dataclasses import dataclass

from minillm.data.village.founding import add_thing, found
from minillm.data.village.ledger import Ledger
from minillm.data.village.lexicon import KINDS, WEATHER
from minillm.data.village.schema import Event, Person, Thing, Value


@dataclass(frozen=True)
class Episode:
    """A chain of events that belong together, e.g. losing a thing, finding it, bringing it back.

    Example:
        >>> Episode("gift", ("event-1", "event-2")).kind
        'gift'

    Source: None; our own world.
    """

    kind: str
    events: tuple[str, ...]


class Simulation:
    """A village in motion: who is where, what happened so far.

    Example:
        >>> sim = Simulation(random.Random(0))
        >>> anyone = sim.people[0].id
        >>> sim.go(anyone, "park")
        >>> sim.where(anyone), sim.events[0].kind
        ('park', 'go')

    Source: Worlds simulated to ask questions about: Weston et al. 2015 (arXiv:1502.05698).
    """

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.ledger = Ledger()
        founding = found(rng, self.ledger)
        self.people, self.places = founding.people, founding.places
        self.things = list(founding.things)
        self.events: list[Event] = []
        self.day = self.part = 0

    def start_day(self, day: int) -> None:
        """Turn to the morning of a day, and draw its weather."""
        self.day, self.part = day, 0
        time = 0 if day == 0 else len(self.events) + 1
        self.ledger.set(f"day-{day}", "weather", self.rng.choice(list(WEATHER)), time)

    def end_day(self) -> None:
        """Everyone who is out goes home, and moods are slept off."""
        self.part = 2
        for person in self.people:
            self.go(person.id, self.home(person.id))
        for person in self.people:
            self.ledger.end(person.id, "mood", len(self.events) + 1)

    def where(self, entity: str) -> str:
        """The place where a person or a thing is, through whoever carries it and whatever it lies in."""
        relation = "location" if self.ledger.get(entity, "location") else "at"
        holder = str(self.ledger.get(entity, relation))
        return holder if self._is_place(holder) else self.where(holder)

    def holder(self, thing: str) -> str:
        """The person, place or container that a thing is with."""
        return str(self.ledger.get(thing, "location"))

    def owner(self, thing: str) -> str:
        """The owner of a thing."""
        return str(self.ledger.get(thing, "owner"))

    def home(self, person: str) -> str:
        """The house of a person."""
        return str(self.ledger.get(person, "lives_in"))

    def age(self, person: str) -> int:
        """The age of a person in years."""
        return int(self.ledger.get(person, "age") or 0)

    def go(self, agent: str, goal: str, thing: str = "") -> None:
        """Go to a place, perhaps carrying a thing that the story cares for; nothing happens if already there."""
        source = self.where(agent)
        if source == goal:
            return
        assert not thing or self.holder(thing) == agent, f"{agent} does not carry {thing}"
        event = self._enter("go", agent, goal, thing=thing, source=source)
        self._set(event, agent, "at", goal)

    def lose(self, agent: str, thing: str) -> None:
        """Lose a thing where one is."""
        self._holds(agent, thing)
        event = self._enter("lose", agent, self.where(agent), thing=thing)
        self._set(event, thing, "location", event.place)
        self._set(event, agent, "mood", "sad")

    def find(self, agent: str, thing: str) -> None:
        """Find a thing that lies about and take it."""
        self._take("find", agent, thing)

    def pick_up(self, agent: str, thing: str) -> None:
        """Take a thing from where one is."""
        self._take("pick_up", agent, thing)

    def put_down(self, agent: str, thing: str) -> None:
        """Leave a thing where one is."""
        self._holds(agent, thing)
        event = self._enter("put_down", agent, self.where(agent), thing=thing)
        self._set(event, thing, "location", event.place)

    def put_in(self, agent: str, thing: str, container: str) -> None:
        """Put a small thing into a container that is at hand."""
        self._holds(agent, thing)
        assert KINDS[self.kind(container)].container, f"{container} is no container"
        assert KINDS[self.kind(thing)].small, f"{thing} is too big for {container}"
        assert self.where(container) == self.where(agent), f"{container} is elsewhere"
        event = self._enter("put_in", agent, self.where(agent), thing=thing, container=container)
        self._set(event, thing, "location", container)

    def take_out(self, agent: str, thing: str) -> None:
        """Take a thing out of the container that it lies in."""
        container = self.holder(thing)
        assert self.where(container) == self.where(agent), f"{container} is elsewhere"
        event = self._enter("take_out", agent, self.where(agent), thing=thing, container=container)
        self._set(event, thing, "location", agent)

    def give(self, agent: str, thing: str, other: str) -> None:
        """Make a present of a thing that one owns."""
        assert self.owner(thing) == agent, f"{agent} does not own {thing}"
        event = self._hand_over("give", agent, thing, other)
        self._set(event, thing, "owner", other)
        self._set(event, other, "mood", "happy")

    def give_back(self, agent: str, thing: str, other: str) -> None:
        """Hand a thing to its owner."""
        assert self.owner(thing) == other, f"{other} does not own {thing}"
        event = self._hand_over("give_back", agent, thing, other)
        self._set(event, other, "mood", "happy")

    def lend(self, agent: str, thing: str, other: str) -> None:
        """Hand over a thing that one goes on owning."""
        assert self.owner(thing) == agent, f"{agent} does not own {thing}"
        self._hand_over("lend", agent, thing, other)

    def sell(self, agent: str, thing: str, other: str, price: int) -> None:
        """Sell a thing for a number of coins."""
        assert self.owner(thing) == agent, f"{agent} does not own {thing}"
        event = self._hand_over("sell", agent, thing, other, price)
        self._set(event, thing, "owner", other)

    def make(self, agent: str, kind: str, color: str, material: str) -> str:
        """Make a new thing; its id is returned."""
        thing = Thing(f"{color or material}-{kind}", kind)
        assert thing not in self.things, f"there is a {thing.id} already"
        event = self._enter("make", agent, self.where(agent), thing=thing.id)
        add_thing(self.ledger, kind, color, material, agent, agent, event.time, event.id)
        self.things.append(thing)
        self._set(event, agent, "mood", "proud")
        return thing.id

    def paint(self, agent: str, thing: str, color: str) -> None:
        """Give a thing that one has at hand another color."""
        self._holds(agent, thing)
        event = self._enter("paint", agent, self.where(agent), thing=thing, value=color)
        self._set(event, thing, "color", color)

    def move_house(self, agent: str, house: str) -> None:
        """Move to another house, with all of one's things that lie in the old one."""
        old = self.home(agent)
        assert self.where(agent) == old, f"{agent} is not at home"
        event = self._enter("move_house", agent, house, source=old)
        self._set(event, agent, "lives_in", house)
        self._set(event, agent, "at", house)
        for thing in self.things:
            if self.owner(thing.id) == agent and self.holder(thing.id) == old:
                self._set(event, thing.id, "location", house)

    def meet(self, agent: str, other: str) -> None:
        """Meet someone who is at the same place."""
        self._together(agent, other)
        self._enter("meet", agent, self.where(agent), other=other)

    def befriend(self, agent: str, other: str) -> None:
        """Become friends."""
        self._together(agent, other)
        event = self._enter("befriend", agent, self.where(agent), other=other)
        self._set(event, agent, "friend_of", other)

    def birthday(self, agent: str) -> None:
        """Turn a year older."""
        event = self._enter("birthday", agent, self.where(agent), value=self.age(agent) + 1)
        self._set(event, agent, "age", event.value)

    def teach(self, agent: str, other: str, skill: str) -> None:
        """Teach a skill that one has to someone who has it not."""
        self._together(agent, other)
        assert self.ledger.has(agent, "can", skill), f"{agent} cannot {skill}"
        assert not self.ledger.has(other, "can", skill), f"{other} can {skill} already"
        event = self._enter("teach", agent, self.where(agent), other=other, value=skill)
        self._set(event, other, "can", skill)

    def kind(self, thing: str) -> str:
        """The kind of a thing."""
        return next(each.kind for each in self.things if each.id == thing)

    def person(self, key: str) -> Person:
        """The person of that id."""
        return next(each for each in self.people if each.id == key)

    def _take(self, act: str, agent: str, thing: str) -> None:
        place = self.where(agent)
        assert self.holder(thing) == place, f"{thing} does not lie at {place}"
        event = self._enter(act, agent, place, thing=thing)
        self._set(event, thing, "location", agent)

    def _hand_over(self, act: str, agent: str, thing: str, other: str, value: Value = "") -> Event:
        self._holds(agent, thing)
        self._together(agent, other)
        event = self._enter(act, agent, self.where(agent), other=other, thing=thing, value=value)
        self._set(event, thing, "location", other)
        return event

    def _holds(self, agent: str, thing: str) -> None:
        assert self.holder(thing) == agent, f"{agent} does not carry {thing}"

    def _together(self, agent: str, other: str) -> None:
        assert agent != other, f"{agent} cannot do this alone"
        assert self.where(agent) == self.where(other), f"{agent} and {other} are not together"

    def _is_place(self, entity: str) -> bool:
        return any(place.id == entity for place in self.places)

    def _enter(
        self,
        kind: str,
        agent: str,
        place: str,
        other: str = "",
        thing: str = "",
        source: str = "",
        container: str = "",
        value: Value = "",
    ) -> Event:
        time = len(self.events) + 1
        event = Event(
            id=f"event-{time}",
            time=time,
            day=self.day,
            part=self.part,
            kind=kind,
            agent=agent,
            place=place,
            other=other,
            thing=thing,
            source=source,
            container=container,
            value=value,
        )
        self.events.append(event)
        return event

    def _set(self, event: Event, subject: str, relation: str, value: Value) -> None:
        self.ledger.set(subject, relation, value, event.time, event.id)
