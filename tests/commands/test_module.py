"""`python -m minimand`, as launchers of many processes call it."""

import subprocess
import sys


def test_the_package_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "minimand", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("minimand ")
