"""A week in the village: episodes begin, pause while others go on, and end."""

from collections.abc import Iterator

from minillm.data.village.plots import PLOTS
from minillm.data.village.simulation import Episode, Simulation

DAYS = 6


def live(sim: Simulation) -> tuple[Episode, ...]:
    """Let the village live from Monday morning to Saturday afternoon.

    Args:
        sim: A village at time 0; afterwards it holds all events.

    Returns:
        The episodes in the order in which they began; each has two events or more. One may end in the middle.

    Example:
        >>> import random
        >>> sim = Simulation(random.Random(0))
        >>> len(live(sim)) > 10, sim.day
        (True, 5)

    Source: None; our own world.
    """
    running: list[tuple[str, Iterator[None], list[str]]] = []
    begun: list[tuple[str, list[str]]] = []
    reserved: set[str] = set()
    for day in range(DAYS):
        sim.start_day(day)
        for part in range(2 if day == DAYS - 1 else 3):
            sim.part = part
            waiting = running[:]
            sim.rng.shuffle(waiting)
            for episode in waiting[:2]:
                if not _advance(sim, episode):
                    running.remove(episode)
            for _ in range(1 if part == 2 else 2):
                name = sim.rng.choice(sorted(PLOTS))
                events: list[str] = []
                episode = (name, PLOTS[name](sim, reserved), events)
                if _advance(sim, episode):
                    running.append(episode)
                begun.append((name, events))
        if day < DAYS - 1:
            sim.end_day()
    return tuple(Episode(name, tuple(events)) for name, events in begun if len(events) > 1)


def _advance(sim: Simulation, episode: tuple[str, Iterator[None], list[str]]) -> bool:
    """Run an episode up to its next pause, noting its events; false when it is over."""
    before = len(sim.events)
    alive = next(episode[1], "over") is None
    episode[2].extend(event.id for event in sim.events[before:])
    return alive
