"""``check("ch01.kneser_ney")`` in the cell after the answer: feedback at once, from a judge in its own process."""

import atexit
import functools

from IPython.core.getipython import get_ipython
from IPython.display import display

from minillm.errors import InvalidInput
from minillm.grading.exercise import find
from minillm.grading.extract import extract
from minillm.grading.feedback import as_html, summary
from minillm.grading.progress import Progress
from minillm.grading.service import Judge, Task


def check(name: str, *, predict: str | None = None) -> None:
    """Judge what this notebook defines for an exercise, and say what to look at first.

    Only the definitions that the exercise asks for are taken from the cells that have run, with what they need. They
    run in a process of their own, so nothing in the notebook is changed.

    Args:
        name: The exercise, such as ``ch01.kneser_ney``.
        predict: Your answer to the exercise's question, where it asks one first. It is worth no points.

    Raises:
        InvalidInput: There is no such exercise, what it asks for is not defined, or this is no notebook.

    Example:
        >>> check("ch01.kneser_ney")  # doctest: +SKIP
    """
    shell = get_ipython()
    if shell is None or shell.history_manager is None:
        raise InvalidInput("check() reads the cells of a notebook; for a file use: minillm exercises check FILE")
    exercise = find(name)
    if exercise.predict and predict is None:
        print(f"Think first: {exercise.predict['question']} Then call check({name!r}, predict=...).")  # noqa: T201
    elif exercise.predict:
        right = str(predict).strip() == exercise.predict["answer"]
        print("As you predicted." if right else f"Compare with yours: {exercise.predict['answer']}")  # noqa: T201
    source = extract(shell.history_manager.input_hist_raw, exercise.asks)  # as typed, magics and all
    (result,) = _judge().grade(Task({exercise: source}, require="L0", filename=f"{name}.py"))
    Progress().note(result)
    page = as_html(result, rerun=f"run the cell again, then check({name!r})")
    display({"text/html": page, "text/plain": summary(result)}, raw=True)


@functools.cache
def _judge() -> Judge:
    """One judge for the kernel's life: starting it is what takes time."""
    judge = Judge()
    atexit.register(judge.close)
    return judge
