"""Several ranks of one submission, for the exercises on collectives."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any

from minillm.grading.session import Session


class Team:
    """Ranks, each in a worker of its own, joined by a private file."""

    def __init__(self, sessions: Sequence[Session], folder: str) -> None:
        self._sessions = sessions
        size = len(sessions)

        def join(rank: int) -> Any:
            answer = sessions[rank].ask("join", rank=rank, size=size, folder=folder)
            return sessions[rank].value_of(answer)

        self._at_once(join)

    def call(self, name: str, per_rank: Sequence[Sequence[Any]]) -> list[Any]:
        """Call a function on every rank at once; ``per_rank`` holds each one's arguments."""
        return self._at_once(lambda rank: self._sessions[rank].call(None, name, per_rank[rank], {}))

    def _at_once(self, act: Callable[[int], Any]) -> list[Any]:
        """Do something on all ranks; the first that fails ends the others, which would wait for it."""
        with ThreadPoolExecutor(len(self._sessions)) as pool:
            futures = [pool.submit(act, rank) for rank in range(len(self._sessions))]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            if any(future.exception() for future in done):
                for session in self._sessions:
                    session.connection.close()
            return [future.result() for future in sorted(futures, key=lambda future: future not in done)]
