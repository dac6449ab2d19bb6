"""How long the proof of all exercises takes when there are 150 of them, each with ten programs and more.

A synthetic set is made of copies of the real exercises with ids of their own: stub, solution, variants and mutants, to
which the proof adds five programs each that give empty answers. `tests/exercises` then runs on it in two processes,
as `make test` runs it on the real ones.

Run from the repository's root: python benchmarks/exercise_proof.py
(several minutes; --exercises 10 for a try-out).
"""

import argparse
import datetime
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from recording import machine

from minillm.files import atomic_write
from minillm.grading.exercise import Exercise, everything

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "exercise_proof.json"
COMMAND = "python benchmarks/exercise_proof.py"
PER_CHAPTER = 15


def copy(exercise: Exercise, number: int, target: Path) -> Path:
    """Copy one exercise under another id."""
    chapter = f"ch{number // PER_CHAPTER + 1:02}"
    name = f"copy_{number:03}"
    made = target / f"{chapter}_synthetic" / name
    shutil.copytree(exercise.folder, made, ignore=shutil.ignore_patterns("__pycache__"))
    meta = made / "meta.toml"
    text = re.sub(r'^id = ".*"$', f'id = "{chapter}.{name}"', meta.read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = re.sub(r'^title = ".*"$', f'title = "Copy {number}"', text, flags=re.MULTILINE)
    meta.write_text(text, encoding="utf-8")
    return made


def prove(target: Path, processes: int) -> tuple[float, float, int]:
    """Run the proof, and return the seconds, those of processors, and how many tests passed.

    Raises:
        SystemExit: The run did not come to its end, or a test failed: then its time says nothing.
    """
    command = [sys.executable, "-m", "pytest", "-q", "tests/exercises/test_exercises.py"]
    command += ["-k", "not one_notebook", "--numprocesses", str(processes)]  # copies ask for the same names
    environment = os.environ | {"MINILLM_EXERCISES": str(target), "OMP_NUM_THREADS": "1"}
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    summary = re.search(r"^(\d+) passed in ", done.stdout, flags=re.MULTILINE)
    if done.returncode != 0 or summary is None:
        print(done.stdout[-4000:], done.stderr[-4000:])
        sys.exit(f"the proof ended with exit code {done.returncode}: nothing is recorded")
    return seconds, used.ru_utime + used.ru_stime, int(summary[1])


def main() -> None:
    """Make the set, run the proof and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--exercises", type=int, default=150)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    real = everything("ch")
    with tempfile.TemporaryDirectory(prefix="minillm-proof-") as folder:
        target = Path(folder)
        made = [copy(real[i % len(real)], i, target) for i in range(arguments.exercises)]
        programs = sum(2 + len(list(place.glob("[mv]*/*.py"))) for place in made)
        seconds, busy, passed = prove(target, arguments.processes)
    print(f"{arguments.exercises} exercises, {programs} programs, {passed} tests passed")
    print(f"{seconds / 60:.1f} minutes, of processors {busy / 60:.1f}")
    if arguments.exercises < 150:
        return
    row = {
        "exercises": arguments.exercises,
        "programs": programs,
        "programs with empty answers": 5 * arguments.exercises,
        "processes": arguments.processes,
        "minutes": round(seconds / 60, 2),
        "minutes of processors": round(busy / 60, 2),
        "tests passed": passed,
    }
    write(row)


def write(row: dict[str, float]) -> None:
    """Record the result with what it was measured on."""
    result = {
        "title": "Proving 150 exercises",
        "command": COMMAND,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "rows": [row],
        "notes": [
            "Programs are stubs, solutions, variants and mutants. The aim is at most 8 minutes on 2 cores.",
            "Where other work shares the machine, the minutes of processors say more: 2 free cores take half of them.",
        ],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    with atomic_write(RESULTS) as file:
        json.dump(result, file, indent=1, ensure_ascii=False)
        file.write("\n")


if __name__ == "__main__":
    main()
