"""A class of 200 hands in chapter 1, one in ten of them hostile; and how fast one answer is checked.

An honest submission answers every exercise with the solution, another right one, or a wrong one; what it must get is
known beforehand, for each program was graded by itself. They come as folders, notebooks and archives. A hostile one is
right in all exercises but one, for which it hands in one of the programs of `tests/exploits/programs`, its attack under
the names that the exercise asks for. It must get nothing there; whatever else it loses is its own affair.

Run from the repository's root: python benchmarks/grading.py
(some minutes; --submissions 20 for a try-out, which records nothing).
"""

import argparse
import ast
import datetime
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

from recording import machine

from minillm.files import atomic_write
from minillm.grading.exercise import Exercise, everything
from minillm.grading.sandbox import choose
from minillm.grading.service import Judge, Task

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "grading.json"
COMMAND = "python benchmarks/grading.py"
SEED = 1
CHAPTER = "ch01"
# Programs for one rank of several, or for torch, do nothing where they are called alone and without it.
ALONE = ("numbers", "single", "forbidden")
Points = dict[tuple[str, str], int]


def programs(exercise: Exercise) -> dict[str, str]:
    """The programs that honest submissions choose from: the solution, right ones and wrong ones."""
    return {"solution": exercise.solution, **exercise.programs("variants"), **exercise.programs("mutants")}


def alone(exercises: list[Exercise]) -> Points:
    """What each program earns when nothing else is graded."""
    with Judge() as judge:
        return {
            (exercise.id, name): judge.grade(Task({exercise: source}, require="L0", seed=SEED))[0].earned
            for exercise in exercises
            for name, source in programs(exercise).items()
        }


def attacks() -> list[str]:
    """Hostile programs by source."""
    found = sorted((ROOT / "tests" / "exploits" / "programs").glob("*.py"))
    texts = [file.read_text(encoding="utf-8") for file in found]
    return [text for text in texts if any(f"# exercise: {name}\n" in text for name in ALONE)]


def under_names(attack: str, exercise: Exercise) -> str:
    """A hostile program whose functions answer to the names that an exercise asks for."""
    tree = ast.parse(attack)
    defined = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    target = defined[-1] if defined else "None"
    return attack + "\n\n" + "\n".join(f"{name} = {target}" for name in exercise.asks if name not in defined) + "\n"


def file_names(answers: dict[str, str]) -> dict[str, str]:
    """The answers by the name that a learner's file has."""
    return {f"{exercise.split('.')[1]}.py": source for exercise, source in answers.items()}


def clash(answers: dict[str, str]) -> bool:
    """Whether two answers define the same name, which in one notebook only one of them could have."""
    names = [getattr(node, "name", None) for source in answers.values() for node in ast.parse(source).body]
    named = [name for name in names if name]
    return len(named) != len(set(named))


def hand_in(place: Path, name: str, kind: str, answers: dict[str, str]) -> str:
    """Write one submission, and return the name that it goes by."""
    if kind == "notebook" and not clash(answers):
        cells = [{"cell_type": "code", "source": source} for source in answers.values()]
        (place / f"{name}.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
        return f"{name}.ipynb"
    if kind == "archive":
        with zipfile.ZipFile(place / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file, source in file_names(answers).items():
                archive.writestr(f"homework/{file}", source)
        return f"{name}.zip"
    (place / name).mkdir()
    for file, source in file_names(answers).items():
        (place / name / file).write_text(source, encoding="utf-8")
    return name


def make_class(place: Path, exercises: list[Exercise], points: Points, size: int) -> dict[str, dict[str, int]]:
    """Write the submissions, and tell by name and exercise what each must get."""
    rng, hostile, expected = random.Random(1), attacks(), {}
    rng.shuffle(hostile)
    for number in range(size):
        kind = rng.choice(["folder", "notebook", "archive"])
        if number % 10 == 9:
            attacked = rng.choice(exercises)
            answers = {exercise.id: exercise.solution for exercise in exercises}
            answers[attacked.id] = under_names(hostile[number // 10 % len(hostile)], attacked)
            name = hand_in(place, f"hostile{number:03}", "folder", answers)
            expected[name] = {attacked.id: 0}
            continue
        everyone_right = rng.random() < 0.5
        chosen = {}
        for exercise in exercises:
            right = ["solution", *exercise.programs("variants")]
            chosen[exercise] = rng.choice(right if everyone_right else list(programs(exercise)))
        answers = {exercise.id: programs(exercise)[name] for exercise, name in chosen.items()}
        name = hand_in(place, f"learner{number:03}", kind, answers)
        expected[name] = {exercise.id: points[exercise.id, program] for exercise, program in chosen.items()}
    return expected


def grade(place: Path, out: Path) -> dict[str, dict[str, int]]:
    """Grade the class as an instructor does; points by submission and exercise."""
    command = [sys.executable, "-m", "minillm", "grade", place, "--chapter", CHAPTER, "-j", "2", "--json", out]
    subprocess.run([*command, "--require", "L1", "--seed", str(SEED)], check=True)
    records = [json.loads(file.read_text(encoding="utf-8")) for file in out.glob("*.json")]
    return {
        record["submission"]: {entry["exercise"]: entry["earned"] for entry in record["exercises"]}
        for record in records
    }


def wrong(got: dict[str, dict[str, int]], expected: dict[str, dict[str, int]]) -> list[str]:
    """Whose points are not what they must be."""
    return [
        f"{name}, {exercise}: {got[name][exercise]}, must be {points}"
        for name, due in expected.items()
        if name in got
        for exercise, points in due.items()
        if got[name][exercise] != points
    ]


def check_times(exercises: list[Exercise]) -> tuple[float, float, float]:
    """Seconds to check one exercise from a standing start and again, and a chapter once warm."""
    first = exercises[0]
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / f"{first.id.split('.')[1]}.py"
        file.write_text(first.solution, encoding="utf-8")
        cold = min(seconds([sys.executable, "-m", "minillm", "exercises", "check", file.name], place) for _ in range(5))
    with Judge() as judge:
        judge.grade(Task({first: first.solution}, require="L0"))
        warm = []
        for task in [Task({first: first.solution}, require="L0")] * 5:
            started = time.perf_counter()
            judge.grade(task)
            warm.append(time.perf_counter() - started)
        started = time.perf_counter()
        judge.grade(Task({exercise: exercise.solution for exercise in exercises}, require="L0"))
        return cold, min(warm), time.perf_counter() - started


def seconds(command: list[str], place: str) -> float:
    """How long a command takes."""
    started = time.perf_counter()
    subprocess.run(command, cwd=place, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    size = parser.parse_args().submissions
    about, exercises = (
        machine(sandbox=str(choose("L1")), load=f"{os.getloadavg()[0]:.1f} before the run"),
        everything(f"{CHAPTER}."),
    )
    cold, warm, chapter = check_times(exercises)
    points = alone(exercises)
    place = Path(tempfile.mkdtemp(prefix="minillm-class-"))
    try:
        (place / "class").mkdir()
        expected = make_class(place / "class", exercises, points, size)
        used, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        got = grade(place / "class", place / "out")
        took, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    finally:
        shutil.rmtree(place)
    mistakes, lost = wrong(got, expected), expected.keys() - got.keys()
    print("\n".join([*mistakes, *lost]))
    hostile = sum(name.startswith("hostile") for name in expected)
    processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    checks = sum(len(exercise.points) for exercise in exercises)
    class_ = f"{size} submissions of chapter 1, {hostile} of them hostile"
    rows: list[dict[str, Any]] = [
        {"what": f"grade {class_}, -j 2, tier L1", "measured": round(took / 60, 1), "unit": "minutes", "aim": ""},
        {"what": "submissions lost", "measured": len(lost), "unit": "", "aim": "0"},
        {"what": "grades that are not what they must be", "measured": len(mistakes), "unit": "", "aim": "0"},
        {"what": "processor time a submission", "measured": round(processor / size, 1), "unit": "s", "aim": ""},
        {
            "what": "check one exercise, from a standing start",
            "measured": round(cold, 2),
            "unit": "s",
            "aim": "under 2",
        },
        {"what": "check it again, judge kept", "measured": round(warm, 2), "unit": "s", "aim": "under 0.5"},
        {"what": "check the whole chapter", "measured": round(chapter, 1), "unit": "s", "aim": "under 30"},
    ]
    result = {
        "title": "Grading",
        "command": COMMAND,
        "date": datetime.date.today().isoformat(),
        "machine": about,
        "rows": rows,
        "notes": [
            f"A submission answers {len(exercises)} exercises with {checks} checks, each run in a worker of its own.",
            "Half of the honest submissions are right throughout, the others mix right and wrong answers. What each "
            "must get was found by grading its programs one by one, with the same seed.",
            "A hostile submission attacks one exercise and must get nothing for it. Endless loops and the like run "
            "until the limit of their exercise, check by check.",
        ],
    }
    print(json.dumps(rows, indent=1))
    if size >= 200:
        RESULTS.parent.mkdir(exist_ok=True)
        with atomic_write(RESULTS) as file:
            json.dump(result, file, indent=1)
    raise SystemExit(bool(mistakes or lost))


if __name__ == "__main__":
    main()
