"""Founding a village: its map, its families and what they own, all before the first event."""

import random
from dataclasses import dataclass

from minillm.data.village.ledger import Ledger
from minillm.data.village.lexicon import (
    COLORS,
    HOUSES,
    JOBS,
    KINDS,
    LIKES,
    NAMES_F,
    NAMES_M,
    PUBLIC,
    SKILLS,
)
from minillm.data.village.schema import Person, Place, Thing

_SIDE = 4
_ALWAYS = ("school", "market", "park")
_THINGS, _TWINS = 11, 3
_RETIREMENT = 66


@dataclass(frozen=True)
class Founding:
    """A village at time 0.

    Example:
        >>> len(found(random.Random(0), Ledger()).places)
        16

    Source: None; our own world.
    """

    people: tuple[Person, ...]
    places: tuple[Place, ...]
    things: tuple[Thing, ...]


def found(rng: random.Random, ledger: Ledger) -> Founding:
    """Draw a village and enter its first facts.

    Args:
        rng: Source of all choices.
        ledger: Where the facts go, at time 0.

    Returns:
        The entities: eight to ten people, sixteen places on a map of four by four, fourteen things.

    Example:
        >>> ledger = Ledger()
        >>> village = found(random.Random(0), ledger)
        >>> ledger.get(village.people[0].id, "at") == ledger.get(village.people[0].id, "lives_in")
        True

    Source: None; our own world.
    """
    places = _draw_map(rng, ledger)
    houses = [place.id for place in places if place.kind == "house"]
    rng.shuffle(houses)
    people = _Settlers(rng, ledger, houses).settle()
    _assign_jobs(rng, ledger, people, {place.id for place in places})
    _draw_character(rng, ledger, people)
    _draw_friends(rng, ledger, people)
    return Founding(people, places, _draw_things(rng, ledger, people))


def add_thing(
    ledger: Ledger, kind: str, color: str, material: str, owner: str, location: str, time: int, cause: str = ""
) -> Thing:
    """Enter a new thing's facts.

    Args:
        ledger: Where the facts go.
        kind: Key of `KINDS`.
        color: Key of `COLORS`, or empty where things of the kind have none.
        material: Key of `MATERIALS`.
        owner: A person.
        location: A person, place or container.
        time: When it comes to be.
        cause: The event that made it.

    Returns:
        The thing; its id is made of what tells it from others of its kind.

    Example:
        >>> add_thing(Ledger(), "hat", "red", "straw", "anna", "anna", 0).id
        'red-hat'

    Source: None; our own world.
    """
    thing = Thing(f"{color or material}-{kind}", kind)
    ledger.set(thing.id, "material", material, time, cause)
    if color:
        ledger.set(thing.id, "color", color, time, cause)
    ledger.set(thing.id, "owner", owner, time, cause)
    ledger.set(thing.id, "location", location, time, cause)
    return thing


def _draw_map(rng: random.Random, ledger: Ledger) -> tuple[Place, ...]:
    """Fill the grid with public places and houses and enter who borders on whom."""
    makers = [job.workplace for job in JOBS.values() if job.makes]
    chosen = [*_ALWAYS, rng.choice(makers)]
    chosen += rng.sample([key for key in PUBLIC if key not in chosen], 6)
    chosen += rng.sample(list(HOUSES), _SIDE * _SIDE - len(chosen))
    rng.shuffle(chosen)
    places = tuple(
        Place(key, "public" if key in PUBLIC else "house", *divmod(index, _SIDE)) for index, key in enumerate(chosen)
    )
    for index, place in enumerate(places):
        if place.column + 1 < _SIDE:
            _border(ledger, place, places[index + 1], "west_of", "east_of")
        if place.row + 1 < _SIDE:
            _border(ledger, place, places[index + _SIDE], "north_of", "south_of")
    return places


def _border(ledger: Ledger, first: Place, second: Place, relation: str, inverse: str) -> None:
    ledger.set(first.id, "next_to", second.id, 0)
    ledger.set(first.id, relation, second.id, 0)
    ledger.set(second.id, inverse, first.id, 0)


class _Settlers:
    """Draws the families house by house; ages are all different, so that "older" is never a tie."""

    def __init__(self, rng: random.Random, ledger: Ledger, houses: list[str]) -> None:
        self.rng, self.ledger, self.houses = rng, ledger, list(houses)
        self.names = {"f": rng.sample(NAMES_F, len(NAMES_F)), "m": rng.sample(NAMES_M, len(NAMES_M))}
        self.people: list[Person] = []
        self.ages: set[int] = set()

    def settle(self) -> tuple[Person, ...]:
        self._family(children=2, grandparent=self.rng.random() < 0.6)
        self._family(children=self.rng.randint(1, 2), grandparent=False)
        self._add(self.rng.choice("fm"), 22, 60, self.houses.pop())
        return tuple(self.people)

    def _family(self, children: int, grandparent: bool) -> None:
        house = self.houses.pop()
        mother = self._add("f", 32, 45, house)
        father = self._add("m", 32, 45, house)
        self.ledger.set(mother.id, "married_to", father.id, 0)
        youngest_parent = min(self._age(mother), self._age(father))
        young: list[Person] = []
        for _ in range(children):
            child = self._add(self.rng.choice("fm"), 6, min(14, youngest_parent - 21), house)
            for parent in (mother, father):
                self.ledger.set(parent.id, "parent_of", child.id, 0)
            for sibling in young:
                self.ledger.set(sibling.id, "sibling_of", child.id, 0)
            young.append(child)
        if grandparent:
            parent = self.rng.choice((mother, father))
            elder = self._add(self.rng.choice("fm"), self._age(parent) + 26, self._age(parent) + 34, house)
            self.ledger.set(elder.id, "parent_of", parent.id, 0)

    def _add(self, sex: str, youngest: int, oldest: int, house: str) -> Person:
        en, zh = self.names[sex].pop()
        person = Person(en.lower(), en, zh, "f" if sex == "f" else "m")
        age = self.rng.choice([age for age in range(youngest, oldest + 1) if age not in self.ages])
        self.ages.add(age)
        self.people.append(person)
        for relation, value in (("age", age), ("lives_in", house), ("at", house)):
            self.ledger.set(person.id, relation, value, 0)
        return person

    def _age(self, person: Person) -> int:
        return int(self.ledger.get(person.id, "age") or 0)


def _assign_jobs(rng: random.Random, ledger: Ledger, people: tuple[Person, ...], places: set[str]) -> None:
    """Children are pupils, old people have no job, and no two adults have the same one."""
    open_jobs = [key for key, job in JOBS.items() if job.workplace in places and key != "pupil"]
    rng.shuffle(open_jobs)
    open_jobs.sort(key=lambda key: not JOBS[key].makes)
    adults = [person for person in people if 18 <= int(ledger.get(person.id, "age") or 0) < _RETIREMENT]
    for person, job in zip(rng.sample(adults, len(adults)), open_jobs, strict=False):
        ledger.set(person.id, "job", job, 0)
        ledger.set(person.id, "works_at", JOBS[job].workplace, 0)
    for person in people:
        if int(ledger.get(person.id, "age") or 0) < 18:
            ledger.set(person.id, "job", "pupil", 0)


def _draw_character(rng: random.Random, ledger: Ledger, people: tuple[Person, ...]) -> None:
    for person in people:
        for like in rng.sample(list(LIKES), rng.randint(1, 2)):
            ledger.set(person.id, "likes", like, 0)
        if int(ledger.get(person.id, "age") or 0) >= 18:
            for skill in rng.sample(list(SKILLS), rng.randint(1, 2)):
                ledger.set(person.id, "can", skill, 0)


def _draw_friends(rng: random.Random, ledger: Ledger, people: tuple[Person, ...]) -> None:
    """A few friendships between people of different houses, and of an age where they may have met."""
    pairs = [
        (a, b)
        for i, a in enumerate(people)
        for b in people[i + 1 :]
        if ledger.get(a.id, "lives_in") != ledger.get(b.id, "lives_in")
        and (int(ledger.get(a.id, "age") or 0) < 18) == (int(ledger.get(b.id, "age") or 0) < 18)
    ]
    for a, b in rng.sample(pairs, min(3, len(pairs))):
        ledger.set(a.id, "friend_of", b.id, 0)


def _draw_things(rng: random.Random, ledger: Ledger, people: tuple[Person, ...]) -> tuple[Thing, ...]:
    """Eleven kinds, at least two of them containers, and a twin of another color or material for three."""
    containers = rng.sample([key for key, kind in KINDS.items() if kind.container], 2)
    others = rng.sample([key for key, kind in KINDS.items() if not kind.container], _THINGS - 2)
    things: list[Thing] = []
    for kind in [*containers, *others, *rng.sample(others, _TWINS)]:
        taken = {thing.id for thing in things}
        color, material = rng.choice([look for look in _looks(kind) if f"{look[0] or look[1]}-{kind}" not in taken])
        owner = rng.choice(people).id
        home = str(ledger.get(owner, "lives_in"))
        things.append(add_thing(ledger, kind, color, material, owner, rng.choice((owner, home)), 0))
    return tuple(things)


def _looks(kind: str) -> list[tuple[str, str]]:
    """All (color, material) pairs that a kind comes in."""
    colors = list(COLORS) if KINDS[kind].colored else [""]
    return [(color, material) for color in colors for material in KINDS[kind].materials]
