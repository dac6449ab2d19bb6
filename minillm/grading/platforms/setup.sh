#!/usr/bin/env bash
# Run once, when Gradescope builds the autograder's image: Python packages in an environment of their own.
set -euo pipefail
AUTOGRADER="${AUTOGRADER:-/autograder}"
export DEBIAN_FRONTEND=noninteractive

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

apt-get update
# bubblewrap makes the sandbox in which submissions run.
apt-get install -y --no-install-recommends bubblewrap python3-venv
python=python3
if ! is_new_enough "$python"; then
  apt-get install -y --no-install-recommends python3.11 python3.11-venv
  python=python3.11
fi

venv="$AUTOGRADER/venv"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --disable-pip-version-check --requirement "$AUTOGRADER/source/requirements.txt"

# The package itself is in the archive.
packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
echo "$AUTOGRADER/source" > "$packages/minillm.pth"
