"""The facts against an independent account of them: intervals, geography, kinship, and a replay of the events."""

import itertools
from collections import defaultdict

import pytest

SINGLE = ("age", "job", "works_at", "lives_in", "at", "mood", "owner", "location", "color", "material", "weather")
MIRRORED = ("sibling_of", "married_to", "friend_of", "next_to")


def state_at(world, time, relation):
    """What holds at a time: subject to values, by scanning all facts."""
    values = defaultdict(set)
    for fact in world.facts:
        if fact.relation == relation and fact.start <= time and (fact.end is None or time < fact.end):
            values[fact.subject].add(fact.value)
    return values


def only(values):
    (value,) = values
    return value


def test_size(worlds):
    for world in worlds:
        assert 8 <= len(world.people) <= 10
        assert len(world.places) == 16
        assert 14 <= len(world.things) <= 22
        assert 60 <= len(world.events) <= 180
        assert 300 <= len(world.facts) <= 600


def test_ids(worlds):
    for world in worlds:
        assert [fact.id for fact in world.facts] == [f"fact-{i}" for i in range(len(world.facts))]
        assert [(event.id, event.time) for event in world.events] == [
            (f"event-{i}", i) for i in range(1, len(world.events) + 1)
        ]
        entities = [e.id for e in (*world.people, *world.places, *world.things)]
        assert len(set(entities)) == len(entities)
        known = {*entities, *(f"day-{day}" for day in range(6))}
        assert {fact.subject for fact in world.facts} <= known
        assert {fact.cause for fact in world.facts} <= {"", *(event.id for event in world.events)}
        clock = [(event.day, event.part) for event in world.events]
        assert clock == sorted(clock)


def test_a_fact_lives_for_a_while_and_never_twice_at_once(worlds):
    for world in worlds:
        spans = defaultdict(list)
        for fact in world.facts:
            assert fact.end is None or fact.start < fact.end, fact
            assert fact.end is None or fact.end <= world.now, fact
            key = (
                (fact.subject, fact.relation) if fact.relation in SINGLE else (fact.subject, fact.relation, fact.value)
            )
            spans[key].append((fact.start, world.now + 1 if fact.end is None else fact.end))
        for key, some in spans.items():
            some.sort()
            assert all(one[1] <= two[0] for one, two in itertools.pairwise(some)), key


def test_mirrored_relations(worlds):
    for world in worlds:
        for relation in MIRRORED:
            spans = {(f.subject, f.value, f.start, f.end) for f in world.facts if f.relation == relation}
            assert spans == {(value, subject, start, end) for subject, value, start, end in spans}


def test_geography_follows_the_map(worlds):
    for world in worlds:
        cell = {place.id: (place.row, place.column) for place in world.places}
        assert sorted(cell.values()) == [(row, column) for row in range(4) for column in range(4)]
        steps = {"north_of": (-1, 0), "south_of": (1, 0), "west_of": (0, -1), "east_of": (0, 1)}
        for relation, (down, right) in steps.items():
            stated = {(f.subject, f.value) for f in world.facts if f.relation == relation}
            expected = {(p, q) for p in cell for q in cell if cell[p] == (cell[q][0] + down, cell[q][1] + right)}
            assert stated == expected
        bordering = {(f.subject, f.value) for f in world.facts if f.relation == "next_to"}
        assert bordering == {
            (p, q) for p in cell for q in cell if abs(cell[p][0] - cell[q][0]) + abs(cell[p][1] - cell[q][1]) == 1
        }


def test_families(worlds):
    for world in worlds:
        sex = {person.id: person.sex for person in world.people}
        for time in (0, world.now):
            age = {person: only(values) for person, values in state_at(world, time, "age").items()}
            assert len(set(age.values())) == len(age) == len(world.people)
            children = state_at(world, time, "parent_of")
            for parent, some in children.items():
                assert all(age[parent] >= age[child] + 20 for child in some)
            parents = defaultdict(set)
            for parent, some in children.items():
                for child in some:
                    parents[child].add(parent)
            siblings = {(a, b) for a in sex for b in sex if a != b and parents[a] and parents[a] == parents[b]}
            assert {(a, b) for a, some in state_at(world, time, "sibling_of").items() for b in some} == siblings
            for a, some in state_at(world, time, "married_to").items():
                assert sex[a] != sex[only(some)]
            assert all(age[p] < 18 for p, job in state_at(world, time, "job").items() if job == {"pupil"})
        jobs = [only(v) for v in state_at(world, 0, "job").values() if v != {"pupil"}]
        assert len(set(jobs)) == len(jobs)


def replayed(world):
    """Every state after every event, worked out here from time 0 and the events alone, checking what each needs."""
    state = {r: {s: set(v) for s, v in state_at(world, 0, r).items()} for r in REPLAYED}
    yield 0, state
    for event in world.events:
        a, b, x, p = event.agent, event.other, event.thing, event.place
        where, location, owner = (state[r] for r in ("at", "location", "owner"))
        if event.kind == "go":
            assert where[a] == {event.source} != {p}
            assert not x or location[x] == {a}
            where[a] = {p}
        elif event.kind == "move_house":
            assert where[a] == state["lives_in"][a] == {event.source}
            assert all({p} != home for home in state["lives_in"].values())
            for thing, owners in owner.items():
                if owners == {a} and location[thing] == {event.source}:
                    location[thing] = {p}
            where[a] = {p}
            state["lives_in"][a] = {p}
        else:
            assert where[a] == {p}
            assert not b or where[b] == {p}
        if event.kind in ("lose", "put_down"):
            assert location[x] == {a}
            location[x] = {p}
        elif event.kind in ("find", "pick_up"):
            assert location[x] == {p}
            location[x] = {a}
        elif event.kind in ("give", "give_back", "lend", "sell"):
            assert location[x] == {a}
            assert owner[x] == {b if event.kind == "give_back" else a}
            location[x] = {b}
            if event.kind in ("give", "sell"):
                owner[x] = {b}
        elif event.kind == "make":
            assert x not in owner
            owner[x], location[x] = {a}, {a}
            made = [f for f in world.facts if (f.subject, f.start, f.cause) == (x, event.time, event.id)]
            assert sorted(f.relation for f in made if f.relation != "color") == ["location", "material", "owner"]
            for fact in made:
                if fact.relation == "color":
                    state["color"][x] = {fact.value}
        elif event.kind == "paint":
            assert location[x] == {a}
            assert state["color"][x] != {event.value}
            state["color"][x] = {event.value}
        elif event.kind == "put_in":
            assert location[x] == {a}
            assert location[event.container] in ({a}, {p})
            location[x] = {event.container}
        elif event.kind == "take_out":
            assert location[x] == {event.container}
            assert location[event.container] in ({a}, {p})
            location[x] = {a}
        elif event.kind == "befriend":
            assert b not in state["friend_of"].get(a, set())
            state["friend_of"].setdefault(a, set()).add(b)
            state["friend_of"].setdefault(b, set()).add(a)
        elif event.kind == "birthday":
            assert state["age"][a] == {event.value - 1}
            state["age"][a] = {event.value}
        elif event.kind == "teach":
            assert event.value in state["can"][a] - state["can"].get(b, set())
            state["can"].setdefault(b, set()).add(event.value)
        else:
            assert event.kind in ("go", "meet", "move_house")
        yield event.time, state


REPLAYED = ("at", "location", "owner", "lives_in", "color", "friend_of", "age", "can")


def test_facts_follow_from_the_events(worlds):
    for world in worlds[:6]:
        for time, state in replayed(world):
            for relation in REPLAYED:
                stated = {subject: values for subject, values in state_at(world, time, relation).items() if values}
                assert stated == {s: v for s, v in state[relation].items() if v}, (world.seed, time, relation)


def test_a_cause_happens_when_its_fact_begins(worlds):
    for world in worlds:
        for fact in world.facts:
            if fact.cause:
                assert int(fact.cause.removeprefix("event-")) == fact.start
            else:
                assert fact.start == 0 or fact.relation == "weather"


def test_moods_are_felt_for_a_reason_and_slept_off(worlds):
    feelings = {"lose": "sad", "give": "happy", "give_back": "happy", "make": "proud"}
    for world in worlds:
        by_id = {event.id: event for event in world.events}
        for fact in world.facts:
            if fact.relation == "mood":
                event = by_id[fact.cause]
                assert fact.value == feelings[event.kind]
                assert fact.subject == (event.other if event.kind.startswith("give") else event.agent)
                last = world.now if fact.end is None else fact.end - 1
                assert world.events[last - 1].day == event.day


def test_things_of_a_kind_differ_at_all_times(worlds):
    for world in worlds:
        kinds = defaultdict(list)
        for thing in world.things:
            kinds[thing.kind].append(thing.id)
        for kind, twins in kinds.items():
            if len(twins) > 1:
                looks = [f for f in world.facts if f.subject in twins and f.relation in ("color", "material")]
                assert all(f.end is None for f in looks)
                colored = {f.value for f in looks if f.relation == "color"}
                made_of = {f.value for f in looks if f.relation == "material"}
                assert max(len(colored), len(made_of)) >= len(twins), kind


def test_all_that_can_happen_does(worlds):
    kinds = {event.kind for world in worlds for event in world.events}
    assert len(kinds) == 18


@pytest.mark.parametrize("part", ["facts", "events", "people", "places", "things"])
def test_worlds_differ(worlds, part):
    assert len({getattr(world, part) for world in worlds}) == len(worlds)


def test_scenes_show_what_is_there(worlds):
    world = worlds[0]
    scenes = world.scenes()
    assert len(scenes) > 20
    for scene in scenes:
        at = state_at(world, scene.time, "at")
        assert set(scene.people) == {person for person, where in at.items() if where == {scene.place}}
        assert len(scene.people) > 1
        location = {thing: only(v) for thing, v in state_at(world, scene.time, "location").items()}

        def root(entity, at=at, location=location):
            return (
                entity
                if entity not in at and entity not in location
                else root(location[entity] if entity in location else only(at[entity]))
            )

        assert set(scene.things) == {(t, location[t]) for t in location if root(t) == scene.place}
        day = world.events[scene.time - 1].day
        assert scene.weather == only(state_at(world, scene.time, "weather")[f"day-{day}"])
