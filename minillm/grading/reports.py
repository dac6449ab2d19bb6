"""What a class's grades are written to: our own JSON, CSV for a spreadsheet, JUnit XML, and Gradescope's results.json.

All of them are made from records, the plain data of one graded submission, which is also what the JSON files hold.
Whatever a submission said is text by then, and each format gets it in a way that nothing in it can act.
"""

import csv
import io
import json
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import minillm
from minillm.files import atomic_write
from minillm.grading.collect import Submission
from minillm.grading.feedback import explain
from minillm.grading.result import Item, Result

Record = dict[str, Any]

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A spreadsheet takes a cell that begins so for a formula, and a formula can send what it reads elsewhere.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_LEFT_OUT = "not graded here, and not in the total: it needs {needs}"


def record(submission: Submission, results: Sequence[Result], *, digest: str, sandbox: str, tier: str) -> Record:
    """One graded submission as plain data.

    Args:
        submission: What was handed in.
        results: One an exercise.
        digest: Of all that the grade depends on, to tell whether it must be graded again.
        sandbox: Where it ran, such as ``L1 (bubblewrap)``.
        tier: ``L0`` or ``L1``.
    """
    return {
        "submission": submission.name,
        "earned": sum(result.earned for result in results),
        "possible": sum(result.possible for result in results),
        "verdict": "graded" if tier == "L1" else "practice",
        "tier": tier,
        "sandbox": sandbox,
        "notes": submission.notes,
        "exercises": [_exercise(result, submission.files.get(result.exercise.id, "")) for result in results],
        "digest": digest,
        "versions": {"minillm": minillm.__version__, "python": platform.python_version()},
    }


def _exercise(result: Result, file: str) -> Record:
    data = result.as_json() | {"file": file, "needs": list(result.exercise.needs)}
    for item, plain in zip(result.items, data["items"], strict=True):
        if item.status == "failed":
            plain["explanation"] = _explanation(result, item) if file else item.feedback.problem
    return data


def _explanation(result: Result, item: Item) -> str:
    """The feedback that a learner sees, as lines of text."""
    return "\n".join(f"{label}: {text}" for label, text in explain(result, item) if label != "failed")


def write_json(data: Mapping[str, Any], path: Path) -> None:
    """Write plain data to a file, all of it or nothing."""
    with atomic_write(path) as file:
        json.dump(data, file, indent=1)


def write_csv(records: Sequence[Record], path: Path) -> None:
    """Write one row a submission, with a column an exercise."""
    names = list(dict.fromkeys(entry["exercise"] for record in records for entry in record["exercises"]))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["submission", "earned", "possible", "verdict", "sandbox", *names, "notes"])
    for record in records:
        points = {entry["exercise"]: entry["earned"] for entry in record["exercises"]}
        row = [record[key] for key in ("submission", "earned", "possible", "verdict", "sandbox")]
        row += [points.get(name, "") for name in names]
        writer.writerow(map(_cell, [*row, "; ".join(record["notes"])]))
    with atomic_write(path, "wb") as file:
        file.write(text.getvalue().encode())


def _cell(value: Any) -> Any:
    """A cell that a spreadsheet shows and does not compute."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_junit(records: Sequence[Record], path: Path) -> None:
    """Write JUnit XML: a suite a submission, a case a check."""
    root = ElementTree.Element("testsuites", name="minillm")
    for record in records:
        cases = [(entry, item) for entry in record["exercises"] for item in entry["items"]]
        suite = ElementTree.SubElement(root, "testsuite", name=_xml(record["submission"]), tests=str(len(cases)))
        for status, attribute in (("failed", "failures"), ("not graded", "skipped")):
            suite.set(attribute, str(sum(item["status"] == status for _, item in cases)))
        suite.set("errors", "0")
        for entry, item in cases:
            _junit_case(suite, entry, item)
        ElementTree.SubElement(suite, "system-out").text = _xml("\n".join([record["sandbox"], *record["notes"]]))
    with atomic_write(path, "wb") as file:
        ElementTree.ElementTree(root).write(file, encoding="utf-8", xml_declaration=True)


def _junit_case(suite: ElementTree.Element, entry: Record, item: Record) -> None:
    seconds = f"{item['seconds']:.3f}"
    case = ElementTree.SubElement(suite, "testcase", classname=entry["exercise"], name=item["check"], time=seconds)
    if item["status"] == "failed":
        failure = ElementTree.SubElement(case, "failure", message=_xml(item.get("problem", "")))
        failure.text = _xml(item.get("explanation", ""))
    elif item["status"] == "not graded":
        ElementTree.SubElement(case, "skipped", message=_xml(item.get("problem", "")))


def _xml(text: str) -> str:
    """Text without the characters that XML cannot hold; the rest is escaped where it is written."""
    return _NOT_IN_XML.sub("", text)


def gradescope(record: Record, *, seconds: float) -> dict[str, Any]:
    """One submission in the form of Gradescope's ``results.json``.

    Points are out of what could be graded. What could not be is listed with no points, so that nobody misses it.
    """
    tests = [_gradescope_test(entry, item) for entry in record["exercises"] for item in entry["items"]]
    tier = f"{record['verdict']} in {record['sandbox']}"
    lines = [f"{record['earned']} of {record['possible']} points ({tier})", *record["notes"]]
    return _gradescope(record["earned"], lines, seconds) | {
        "tests": tests,
        "extra_data": {key: record[key] for key in ("tier", "sandbox", "possible", "versions")}
        | {"seeds": {entry["exercise"]: entry["seed"] for entry in record["exercises"]}},
    }


def gradescope_unfinished() -> dict[str, Any]:
    """What stands in ``results.json`` until grading is done, so that a crash leaves a report as well."""
    return _gradescope(0, ["Grading did not finish. Hand in again; if it happens again, tell your instructor."], 0.0)


def _gradescope(score: int, lines: Sequence[str], seconds: float) -> dict[str, Any]:
    return {
        "score": score,
        "execution_time": round(seconds, 1),
        "output": "\n".join(lines),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": [],
    }


def _gradescope_test(entry: Record, item: Record) -> dict[str, Any]:
    test = {"name": f"{entry['exercise']}: {item['check'].removeprefix('test_').replace('_', ' ')}"}
    if item["status"] == "not graded":
        needs = " and ".join(need for need in entry["needs"] if need != "cpu")
        return test | {
            "score": 0,
            "max_score": 0,
            "output": f"{_LEFT_OUT.format(needs=needs)} ({item['points']} points)",
        }
    told = {"output": item.get("explanation", "")} if item["status"] == "failed" else {}
    return test | {"score": item["earned"], "max_score": item["points"], "status": item["status"], **told}
