"""Questions free of any language: what is asked, the one right answer, and the facts and events that prove it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from minillm.data.village.chronicle import Chronicle
from minillm.data.village.lexicon import SKILLS
from minillm.data.village.schema import Event, Fact, Value

_PER_KIND = 8
_LONGEST_LIST = 4


@dataclass(frozen=True)
class Query:
    """A question without words.

    Attributes:
        kind: What is asked; a key of the question frames.
        roles: The roles of the arguments in the frames: a, b people, x thing, p, q places, v a skill, d a day.
        args: The ids, keys or numbers in these roles.
        sort: What the answer is made of: ``person``, ``place``, ``thing``, ``number``, ``time``, ``yes_no``, or the
            name of a list of words (``job``, ``color``, ``material``, ``weather``).
        value: The answer.
        support: Ids of facts and events.
        hops: How many of them must be combined.

    Example:
        >>> Query("owner", "x", ("red-kite",), "person", ("anna",), ("fact-7",), 1).hops
        1

    Source: None; our own world.
    """

    kind: str
    roles: str
    args: tuple[Value, ...]
    sort: str
    value: tuple[Value, ...]
    support: tuple[str, ...]
    hops: int


def queries(chronicle: Chronicle) -> tuple[Query, ...]:
    """All kinds of questions on a village, at most eight of a kind, in a shuffled order.

    Args:
        chronicle: The village.

    Returns:
        The questions; those in the present tense ask about the last time.

    Example:
        >>> from minillm.data.village.chronicle import record
        >>> all(query.support for query in queries(record(0)))
        True

    Source: Multi-hop questions over simulated worlds: Weston et al. 2015 (arXiv:1502.05698).
    """
    rng = random.Random(f"village/{chronicle.seed}/questions")
    by_kind: dict[str, list[Query]] = {}
    for source in _SOURCES:
        for query in source(chronicle, rng):
            by_kind.setdefault(query.kind, []).append(query)
    chosen = [query for some in by_kind.values() for query in rng.sample(some, min(_PER_KIND, len(some)))]
    rng.shuffle(chosen)
    return tuple(chosen)


def _of(fact: Fact | None, kind: str, roles: str, sort: str) -> Iterator[Query]:
    """The question for the value of one fact."""
    if fact is not None:
        yield Query(kind, roles, (fact.subject,), sort, (fact.value,), (fact.id,), 1)


def _about_people(chronicle: Chronicle, rng: random.Random) -> Iterator[Query]:
    now = chronicle.now
    for person in chronicle.people:
        for relation, sort in (("age", "number"), ("works_at", "place"), ("lives_in", "place"), ("at", "place")):
            yield from _of(chronicle.one(person.id, relation, now), relation, "a", sort)
        job = chronicle.one(person.id, "job", now)
        if job and job.value != "pupil":
            yield from _of(job, "job", "a", "job")
        yield from _of(chronicle.one(person.id, "married_to", now), "married_to", "a", "person")
        for kind, facts in (
            ("count_things", chronicle.find("owner", person.id, now)),
            ("count_children", chronicle.all(person.id, "parent_of", now)),
            ("count_friends", chronicle.all(person.id, "friend_of", now)),
        ):
            if facts:
                ids = tuple(fact.id for fact in facts)
                yield Query(kind, "a", (person.id,), "number", (len(facts),), ids, len(facts))
        first, *later = [f for f in chronicle.facts if (f.subject, f.relation) == (person.id, "lives_in")]
        if later:
            yield Query("first_home", "a", (person.id,), "place", (first.value,), (first.id,), 1)


def _about_kin(chronicle: Chronicle, rng: random.Random) -> Iterator[Query]:
    now = chronicle.now
    for person in chronicle.people:
        for fact in chronicle.find("parent_of", person.id, now):
            kin = "mother" if chronicle.person[fact.subject].sex == "f" else "father"
            yield Query(kin, "a", (person.id,), "person", (fact.subject,), (fact.id,), 1)
            job = chronicle.one(fact.subject, "job", now)
            if job:
                yield Query(f"job_of_{kin}", "a", (person.id,), "job", (job.value,), (fact.id, job.id), 2)
            for older in chronicle.find("parent_of", fact.subject, now):
                kin = "grandmother" if chronicle.person[older.subject].sex == "f" else "grandfather"
                yield Query(kin, "a", (person.id,), "person", (older.subject,), (fact.id, older.id), 2)


def _about_places(chronicle: Chronicle, rng: random.Random) -> Iterator[Query]:
    now = chronicle.now
    for place in chronicle.places:
        for direction in ("north_of", "south_of", "east_of", "west_of"):
            for fact in chronicle.find(direction, place.id, now):
                yield Query(direction, "p", (place.id,), "place", (fact.subject,), (fact.id,), 1)
        present = _in_order(chronicle, chronicle.find("at", place.id, now))
        residents = _in_order(chronicle, chronicle.find("lives_in", place.id, now))
        for kind, facts in (("who_at", present), ("residents", residents)):
            if facts:
                ids = tuple(fact.id for fact in facts)
                people = tuple(fact.subject for fact in facts)
                yield Query(kind, "p", (place.id,), "person", people, ids, len(facts))
                yield Query(f"count_{kind}", "p", (place.id,), "number", (len(facts),), ids, len(facts))
        if len(residents) > 1:
            ages = [age for home in residents for age in chronicle.all(home.subject, "age", now)]
            oldest = max(ages, key=lambda age: int(age.value)).subject
            ids = tuple(fact.id for fact in (*residents, *ages))
            yield Query("oldest", "p", (place.id,), "person", (oldest,), ids, len(ids))
        yield from _neighbors(chronicle, place.id)


def _neighbors(chronicle: Chronicle, place: str) -> Iterator[Query]:
    borders = chronicle.all(place, "next_to", chronicle.now)
    lives = [(b, home) for b in borders for home in chronicle.find("lives_in", b.value, chronicle.now)]
    homes = _in_order(chronicle, [home for _, home in lives])
    if 0 < len(homes) <= _LONGEST_LIST:
        ids = dict.fromkeys([border.id for border, _ in lives] + [home.id for home in homes])
        people = tuple(home.subject for home in homes)
        yield Query("neighbors", "p", (place,), "person", people, tuple(ids), 2)


def _about_things(chronicle: Chronicle, rng: random.Random) -> Iterator[Query]:
    now = chronicle.now
    for thing in chronicle.things:
        owner = chronicle.one(thing.id, "owner", now)
        assert owner is not None, f"{thing.id} belongs to nobody"
        yield from _of(owner, "owner", "x", "person")
        for kind, relation, sort in (("owner_home", "lives_in", "place"), ("owner_age", "age", "number")):
            fact = chronicle.one(str(owner.value), relation, now)
            if fact:
                yield Query(kind, "x", (thing.id,), sort, (fact.value,), (owner.id, fact.id), 2)
        trail = chronicle.trail(thing.id, now)
        ids = tuple(fact.id for fact in trail)
        yield Query("thing_place", "x", (thing.id,), "place", (trail[-1].value,), ids, len(ids))
        if trail[0].value in chronicle.person:
            yield Query("holder", "x", (thing.id,), "person", (trail[0].value,), ids[:1], 1)
        for relation in ("color", "material"):
            if relation != chronicle.looks(thing.id) or not chronicle.twins(thing.id):
                yield from _of(chronicle.one(thing.id, relation, now), relation, "x", relation)
        first, *later = [f for f in chronicle.facts if (f.subject, f.relation) == (thing.id, "owner")]
        if later:
            yield Query("first_owner", "x", (thing.id,), "person", (first.value,), (first.id,), 1)


def _about_days(chronicle: Chronicle, rng: random.Random) -> Iterator[Query]:
    for fact in chronicle.facts:
        if fact.relation == "weather":
            day = int(fact.subject.removeprefix("day-"))
            yield Query("weather", "d", (day,), "weather", (fact.value,), (fact.id,), 1)


def _yes_or_no(chronicle: Chronicle, rng: random.Random) -> Iterator[Query]:
    """As many questions with yes as with no, each proved by the facts that decide it."""
    now = chronicle.now
    people = [person.id for person in chronicle.people]
    for thing in chronicle.things:
        yield from _is(chronicle.one(thing.id, "owner", now), people, rng, "owns", "ax", reverse=True)
    for person in people:
        houses = [place.id for place in chronicle.places if place.kind == "house"]
        yield from _is(chronicle.one(person, "lives_in", now), houses, rng, "lives", "ap")
        places = [place.id for place in chronicle.places]
        yield from _is(chronicle.one(person, "at", now), places, rng, "is_at", "ap")
        other = rng.choice([each for each in people if each != person])
        ages = [fact for each in (person, other) if (fact := chronicle.one(each, "age", now))]
        answer = "yes" if int(ages[0].value) > int(ages[1].value) else "no"
        ids = tuple(fact.id for fact in ages)
        yield Query("older", "ab", (person, other), "yes_no", (answer,), ids, 2)
        skills = chronicle.all(person, "can", now)
        if not skills:  # nothing would prove a no
            continue
        for skill in {fact.value: None for fact in skills} | {rng.choice(list(SKILLS)): None}:
            proof = tuple(fact.id for fact in skills if fact.value == skill) or tuple(f.id for f in skills)
            answer = "yes" if any(fact.value == skill for fact in skills) else "no"
            yield Query("can", "av", (person, skill), "yes_no", (answer,), proof, 1)


def _is(
    fact: Fact | None, values: list[str], rng: random.Random, kind: str, roles: str, reverse: bool = False
) -> Iterator[Query]:
    """Ask whether a fact with one value is so, once for the right value or once for a wrong one."""
    if fact is None:
        return
    value = str(fact.value) if rng.random() < 0.5 else rng.choice([v for v in values if v != fact.value])
    args = (value, fact.subject) if reverse else (fact.subject, value)
    yield Query(kind, roles, args, "yes_no", ("yes" if value == fact.value else "no",), (fact.id,), 1)


_EVENT_QUESTIONS = (
    # kind, event kind, roles that are named, role asked for, sort of the answer
    ("giver", "give", "xb", "a", "person"),
    ("receiver", "give", "ax", "b", "person"),
    ("gift", "give", "ab", "x", "thing"),
    ("loser", "lose", "x", "a", "person"),
    ("place_lost", "lose", "ax", "p", "place"),
    ("time_lost", "lose", "ax", "t", "time"),
    ("finder", "find", "x", "a", "person"),
    ("place_found", "find", "ax", "p", "place"),
    ("borrower", "lend", "ax", "b", "person"),
    ("lender", "lend", "bx", "a", "person"),
    ("buyer", "sell", "ax", "b", "person"),
    ("price", "sell", "bx", "v", "number"),
    ("time_sold", "sell", "abx", "t", "time"),
    ("maker", "make", "x", "a", "person"),
    ("time_made", "make", "ax", "t", "time"),
    ("teacher", "teach", "bv", "a", "person"),
    ("place_taught", "teach", "abv", "p", "place"),
    ("mover", "move_house", "qp", "a", "person"),
)
_EVENT_HOPS = (
    # kind, event kind, roles that are named, whose fact, its relation, sort of the answer
    ("finder_job", "find", "x", "a", "job", "job"),
    ("finder_home", "find", "x", "a", "lives_in", "place"),
    ("buyer_age", "sell", "ax", "b", "age", "number"),
    ("receiver_home", "give", "ax", "b", "lives_in", "place"),
    ("gift_material", "give", "ab", "x", "material", "material"),
    ("maker_home", "make", "x", "a", "lives_in", "place"),
)


def _about_events(chronicle: Chronicle, rng: random.Random) -> Iterator[Query]:
    """Questions that name all but one part of an event, where only one event fits."""
    for kind, event_kind, named, asked, sort in _EVENT_QUESTIONS:
        for event, args in _unique(chronicle, event_kind, named):
            yield Query(kind, named, args, sort, _part(event, asked), (event.id,), 1)
    for kind, event_kind, named, whose, relation, sort in _EVENT_HOPS:
        for event, args in _unique(chronicle, event_kind, named):
            fact = chronicle.one(str(_part(event, whose)[0]), relation, chronicle.now)
            if fact:
                yield Query(kind, named, args, sort, (fact.value,), (event.id, fact.id), 2)


def _unique(chronicle: Chronicle, kind: str, roles: str) -> Iterator[tuple[Event, tuple[Value, ...]]]:
    """The events of a kind that are the only ones with their arguments in these roles."""
    events = [event for event in chronicle.events if event.kind == kind]
    args = [tuple(value for role in roles for value in _part(event, role)) for event in events]
    yield from (pair for pair in zip(events, args, strict=True) if args.count(pair[1]) == 1)


def _part(event: Event, role: str) -> tuple[Value, ...]:
    if role == "t":
        return (event.day, event.part)
    names = {"a": "agent", "b": "other", "x": "thing", "p": "place", "q": "source", "v": "value"}
    return (getattr(event, names[role]),)


def _in_order(chronicle: Chronicle, facts: list[Fact] | tuple[Fact, ...]) -> list[Fact]:
    """Facts on people, in the order of the village."""
    order = {person.id: index for index, person in enumerate(chronicle.people)}
    return sorted(facts, key=lambda fact: order[fact.subject])


_SOURCES: tuple[Callable[[Chronicle, random.Random], Iterator[Query]], ...] = (
    _about_people,
    _about_kin,
    _about_places,
    _about_things,
    _about_days,
    _yes_or_no,
    _about_events,
)
