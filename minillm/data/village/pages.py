"""What a page or a caption says, free of any language."""

import random
from collections.abc import Iterable

from minillm.data.village.chronicle import Chronicle
from minillm.data.village.ledger import SYMMETRIC
from minillm.data.village.plan import Adverb, Message, Paragraph, Teller
from minillm.data.village.schema import Event, Fact, Scene

_BORDERS = frozenset(["next_to", "north_of", "south_of", "east_of", "west_of"])


def diary(chronicle: Chronicle, day: int) -> tuple[Paragraph, ...]:
    """Plan a page on one day: every event of it that is more than a walk.

    Args:
        chronicle: The village.
        day: 0 for Monday.

    Returns:
        Its paragraphs.

    Example:
        >>> from minillm.data.village.chronicle import record
        >>> diary(record(0), 0)[0][0].kind
        'state'

    Source: Content planning apart from realization: Reiter and Dale 1997 (doi:10.1017/S1351324997001502).
    """
    rng = random.Random(f"village/{chronicle.seed}/diary/{day}")
    events = [event for event in chronicle.events if event.day == day and event.kind != "go"]
    if not events:  # a day on which nobody did a thing still had its weather
        weather = chronicle.all(f"day-{day}", "weather", chronicle.now)
        return (tuple(Message("state", (fact.id,), fact.start) for fact in weather),)
    return Teller(chronicle, rng, quotes=0.0, weather=1.0).tell(events)


def page(chronicle: Chronicle, entity: str) -> tuple[Paragraph, ...]:
    """Plan a page on a person, a place or a thing: what is so now, then what happened.

    Args:
        chronicle: The village.
        entity: The id.

    Returns:
        Its paragraphs.

    Example:
        >>> from minillm.data.village.chronicle import record
        >>> chronicle = record(0)
        >>> page(chronicle, chronicle.people[0].id)[0][0].tense
        'present'

    Source: Content planning apart from realization: Reiter and Dale 1997 (doi:10.1017/S1351324997001502).
    """
    now = chronicle.now
    about = [fact for fact in chronicle.facts if fact.holds(now) and entity in (fact.subject, fact.value)]
    if entity in chronicle.person:
        about = [fact for fact in about if not _mirrors(fact, entity) and fact.relation != "location"]
        events = [e for e in chronicle.events if entity in (e.agent, e.other) and e.kind != "go"]
    elif entity in chronicle.thing:
        events = [e for e in chronicle.events if entity in (e.thing, e.container) and e.kind != "go"]
    else:
        about = [f for f in about if f.relation != "next_to" and not (f.relation in _BORDERS and f.subject == entity)]
        events = [e for e in chronicle.events if e.place == entity and e.kind != "go"]
    rng = random.Random(f"village/{chronicle.seed}/page/{entity}")
    stated = [Message("state", (f.id,), now, tense="present", choice=rng.randrange(1000)) for f in about]
    return tuple(paragraph for paragraph in (tuple(stated), tuple(_annals(events, rng))) if paragraph)


def caption(scene: Scene) -> tuple[Paragraph, ...]:
    """Plan a caption: one message for each fact of a scene, in the present tense.

    Args:
        scene: What can be seen.

    Returns:
        One paragraph.

    Example:
        >>> len(caption(Scene("park", 3, "sunny", ("anna",), (), ("fact-1", "fact-2")))[0])
        2

    Source: None; our own world.
    """
    return (tuple(Message("state", (key,), scene.time, tense="present") for key in scene.support),)


def _mirrors(fact: Fact, entity: str) -> bool:
    """Whether a fact on a person says again what its mirror image says with the person as the subject."""
    return fact.relation in SYMMETRIC and fact.value == entity


def _annals(events: Iterable[Event], rng: random.Random) -> list[Message]:
    """Events one by one, each new time of day by name."""
    messages: list[Message] = []
    last = (-1, -1)
    for event in events:
        when = (event.day, event.part)
        adverb: Adverb = "" if when == last else "part"
        messages.append(Message("tell", (event.id,), event.time, adverb, choice=rng.randrange(1000)))
        last = when
    return messages
