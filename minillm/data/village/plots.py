"""Small plots that the week is woven from. Each is a generator; where it yields, other things happen."""

from collections.abc import Callable, Iterator

from minillm.data.village.lexicon import COLORS, JOBS, KINDS, SKILLS
from minillm.data.village.simulation import Simulation

# A plot gets the village and the names of what other plots have reserved for themselves.
Plot = Callable[[Simulation, set[str]], Iterator[None]]

_ADULT = 18
_PAINTABLE = ("wood", "bamboo", "paper", "clay", "tin", "iron")


def _movable(sim: Simulation, reserved: set[str]) -> list[str]:
    """Things that are free: with their owner, or lying in the owner's house."""
    return [
        thing.id
        for thing in sim.things
        if thing.id not in reserved and sim.holder(thing.id) in (sim.owner(thing.id), sim.home(sim.owner(thing.id)))
    ]


def _fetch(sim: Simulation, thing: str) -> str:
    """Have the owner take a free thing in hand; the owner is returned."""
    owner = sim.owner(thing)
    if sim.holder(thing) != owner:
        sim.go(owner, sim.holder(thing))
        sim.pick_up(owner, thing)
    return owner


def _other(sim: Simulation, *people: str, child: bool | None = None) -> str:
    """Somebody else, if wished a child or an adult."""
    others = [person.id for person in sim.people if person.id not in people]
    return sim.rng.choice([each for each in others if child is None or (sim.age(each) < _ADULT) == child])


def _buyer(sim: Simulation, seller: str) -> str:
    """A grown-up of another house."""
    homes = [person.id for person in sim.people if sim.home(person.id) == sim.home(seller)]
    return _other(sim, *homes, child=False)


def _public(sim: Simulation, *except_for: str) -> str:
    return sim.rng.choice([place.id for place in sim.places if place.kind == "public" and place.id not in except_for])


def _choose(sim: Simulation, reserved: set[str], small: bool | None = None) -> str | None:
    """A free thing, or None if there is none; it stays reserved until the episode lets it go."""
    free = [t for t in _movable(sim, reserved) if small is None or KINDS[sim.kind(t)].small == small]
    if not free:
        return None
    thing = sim.rng.choice(free)
    reserved.add(thing)
    return thing


def _lost_and_found(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    thing = _choose(sim, reserved)
    if thing is None:
        return
    owner = _fetch(sim, thing)
    sim.go(owner, _public(sim, sim.where(owner)), thing)
    sim.lose(owner, thing)
    sim.go(owner, sim.home(owner))
    yield
    finder = _other(sim, owner)
    sim.go(finder, sim.holder(thing))
    sim.find(finder, thing)
    if sim.rng.random() < 0.3:
        yield
    sim.go(finder, sim.where(owner), thing)
    sim.give_back(finder, thing, owner)
    reserved.discard(thing)
    _maybe_befriend(sim, finder, owner)


def _left_behind(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    thing = _choose(sim, reserved)
    if thing is None:
        return
    owner = _fetch(sim, thing)
    sim.go(owner, _public(sim, sim.where(owner)), thing)
    sim.put_down(owner, thing)
    sim.go(owner, sim.home(owner))
    yield
    helper = _other(sim, owner)
    sim.go(helper, sim.holder(thing))
    sim.pick_up(helper, thing)
    sim.go(helper, sim.where(owner), thing)
    sim.give_back(helper, thing, owner)
    reserved.discard(thing)


def _gift(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    thing = _choose(sim, reserved)
    if thing is None:
        return
    receiver = _other(sim, sim.owner(thing))
    if sim.rng.random() < 0.6 and all(sim.age(p.id) != sim.age(receiver) + 1 for p in sim.people):
        sim.birthday(receiver)
    giver = _fetch(sim, thing)
    sim.go(giver, sim.where(receiver), thing)
    sim.give(giver, thing, receiver)
    reserved.discard(thing)
    return
    yield


def _loan(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    thing = _choose(sim, reserved)
    if thing is None:
        return
    borrower = _other(sim, sim.owner(thing))
    owner = _fetch(sim, thing)
    sim.go(borrower, sim.where(owner))
    sim.lend(owner, thing, borrower)
    sim.go(borrower, _public(sim, sim.where(borrower)), thing)
    yield
    sim.go(borrower, sim.where(owner), thing)
    sim.give_back(borrower, thing, owner)
    reserved.discard(thing)


def _sale(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    thing = _choose(sim, reserved)
    if thing is None:
        return
    buyer = _buyer(sim, sim.owner(thing))
    seller = _fetch(sim, thing)
    sim.go(seller, "market", thing)
    sim.go(buyer, "market")
    sim.sell(seller, thing, buyer, sim.rng.randint(2, 12))
    reserved.discard(thing)
    if sim.rng.random() < 0.5:
        yield
        sim.go(buyer, sim.home(buyer), thing if sim.holder(thing) == buyer else "")


def _craft(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    present = {thing.kind for thing in sim.things}
    options = [
        (person.id, kind, material)
        for person in sim.people
        for kind, entry in KINDS.items()
        for material in entry.materials
        if kind not in present and material in JOBS[str(sim.ledger.get(person.id, "job") or "pupil")].makes
    ]
    if not options:
        return
    maker, kind, material = sim.rng.choice(options)
    sim.go(maker, str(sim.ledger.get(maker, "works_at")))
    thing = sim.make(maker, kind, sim.rng.choice(list(COLORS)) if KINDS[kind].colored else "", material)
    reserved.add(thing)
    yield
    if sim.rng.random() < 0.5:
        other = _buyer(sim, maker)
        sim.go(other, sim.where(maker))
        sim.sell(maker, thing, other, sim.rng.randint(3, 15))
    else:
        other = _other(sim, maker)
        sim.go(maker, sim.where(other), thing)
        sim.give(maker, thing, other)
    reserved.discard(thing)


def _painting(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    kinds = [thing.kind for thing in sim.things]
    free = [
        t
        for t in _movable(sim, reserved)
        if KINDS[sim.kind(t)].colored and kinds.count(sim.kind(t)) == 1 and sim.ledger.get(t, "material") in _PAINTABLE
    ]
    if not free:
        return
    thing = sim.rng.choice(free)
    owner = _fetch(sim, thing)
    sim.go(owner, sim.home(owner), thing)
    colors = [color for color in COLORS if color != sim.ledger.get(thing, "color")]
    sim.paint(owner, thing, sim.rng.choice(colors))
    return
    yield


def _put_away(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    thing = _choose(sim, reserved, small=True)
    if thing is None:
        return
    owner = _fetch(sim, thing)
    boxes = [
        t
        for t in _movable(sim, reserved)
        if KINDS[sim.kind(t)].container and sim.holder(t) in (owner, sim.where(owner))
    ]
    if not boxes:
        reserved.discard(thing)
        return
    box = sim.rng.choice(boxes)
    reserved.add(box)
    sim.put_in(owner, thing, box)
    if sim.holder(box) == owner:
        sim.go(owner, _public(sim, sim.where(owner)), box)
        sim.put_down(owner, box)
    yield
    yield
    sim.go(owner, sim.where(box))
    sim.take_out(owner, thing)
    reserved.discard(thing)
    reserved.discard(box)


def _removal(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    homes = [sim.home(person.id) for person in sim.people]
    empty = [place.id for place in sim.places if place.kind == "house" and place.id not in homes]
    alone = [p.id for p in sim.people if sim.age(p.id) >= _ADULT and homes.count(sim.home(p.id)) == 1]
    if not empty or not alone or "removal" in reserved:  # once a week is enough
        return
    reserved.add("removal")
    mover = sim.rng.choice(alone)
    helper = _other(sim, mover, child=False)
    sim.go(mover, sim.home(mover))
    sim.move_house(mover, sim.rng.choice(empty))
    sim.go(helper, sim.home(mover))
    sim.meet(helper, mover)
    return
    yield


def _encounter(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    first = sim.rng.choice(sim.people).id
    second = _other(sim, first, child=sim.age(first) < _ADULT)
    place = _public(sim, sim.where(first), sim.where(second))
    sim.go(first, place)
    sim.go(second, place)
    sim.meet(second, first)
    _maybe_befriend(sim, first, second)
    return
    yield


def _lesson(sim: Simulation, reserved: set[str]) -> Iterator[None]:
    sites = {place.id for place in sim.places}
    options = [
        (teacher.id, str(skill), pupil.id, sim.home(teacher.id) if place == "home" else place)
        for teacher in sim.people
        for skill in sim.ledger.all(teacher.id, "can")
        for place in SKILLS[str(skill)].places
        if place == "home" or place in sites
        for pupil in sim.people
        if teacher != pupil and not sim.ledger.has(pupil.id, "can", skill)
    ]
    if not options:
        return
    teacher, skill, pupil, place = sim.rng.choice(options)
    sim.go(teacher, place)
    sim.go(pupil, place)
    sim.teach(teacher, pupil, skill)
    return
    yield


def _maybe_befriend(sim: Simulation, first: str, second: str) -> None:
    related = any(
        sim.ledger.has(first, relation, second) or sim.ledger.has(second, relation, first)
        for relation in ("friend_of", "sibling_of", "married_to", "parent_of")
    )
    if not related and sim.home(first) != sim.home(second) and sim.rng.random() < 0.6:
        sim.befriend(first, second)


PLOTS: dict[str, Plot] = {
    "lost_and_found": _lost_and_found,
    "left_behind": _left_behind,
    "gift": _gift,
    "loan": _loan,
    "sale": _sale,
    "craft": _craft,
    "painting": _painting,
    "put_away": _put_away,
    "removal": _removal,
    "encounter": _encounter,
    "lesson": _lesson,
}
