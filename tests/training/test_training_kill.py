"""A run that is killed at any moment and resumed ends bit for bit as one that was not disturbed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

KILLING = Path(__file__).with_name("killing.py")


def test_killed_at_20_moments_and_resumed(tmp_path):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(KILLING.parent)}
    done = subprocess.run(
        [sys.executable, str(KILLING), str(tmp_path), "0"], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    results = told["results"]
    assert len(results) == 20
    assert told["last"] == "step-00000010"
    for number, result in enumerate(results):
        assert result["signals"][0] == signal.SIGKILL, (number, result)
        assert result["ended"] == 0, (number, result)
        assert result["same"], (number, result)
        assert result["left"] == ["step-00000008", "step-00000010"], (number, result)
    # Not all of them before the first checkpoint, nor all after the last.
    assert len({len(result["reached"]) for result in results}) > 1
    assert len({tuple(result["reached"]) for result in results}) > 3
