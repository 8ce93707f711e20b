"""Plants each bug in a copy of the tree and asks the tests whether they notice: `python -m tests.mutants`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.mutants import MUTANTS, ROOT

NEEDED = ("rules", "gateway", "dashboard", "templates", "tests", "pyproject.toml")
SOME_FAILED, ALL_PASSED = 1, 0  # exit codes of pytest; anything else means that nothing was tried


def copy_of_the_tree(folder):
    for name in NEEDED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)


def run(folder, tests):
    """pytest's exit code, and what it said."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "CI": "", "PYTEST_ADDOPTS": ""}
    said, code = "", ALL_PASSED
    for chosen in tests:
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *chosen.split()]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != ALL_PASSED:
            said += f"{chosen}: exit code {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-1000:]}\n"
        code = code or done.returncode
    return code, said


def try_out(folder, mutant):
    """(whether it was caught, by what or why not)"""
    place = folder / mutant.path
    whole = place.read_text()
    place.write_text(mutant.applied_to(whole))
    try:
        code, said = run(folder, mutant.tests)
    finally:
        place.write_text(whole)
    if code == SOME_FAILED:
        failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
        return bool(failed), failed[0] if failed else said[-500:]
    return False, "nobody noticed" if code == ALL_PASSED else f"pytest ended with {code}: {said[-500:]}"


def hunt(say=print):
    """Whether the tests pass as the tree is, and notice every mutant."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nabat-mutants-") as name:
        folder = Path(name)
        copy_of_the_tree(folder)
        code, said = run(folder, dict.fromkeys(chosen for mutant in MUTANTS for chosen in mutant.tests))
        if code != ALL_PASSED:
            say(f"without any mutant the tests fail already:\n{said}")
            return False
        results = []
        for mutant in MUTANTS:
            caught, words = try_out(folder, mutant)
            results.append(caught)
            say(f"{'caught' if caught else 'MISSED':8}{mutant.name:24}{words}")
    say(f"caught {sum(results)}/{len(results)} in {time.monotonic() - began:.0f} s")
    return all(results)


if __name__ == "__main__":
    sys.exit(0 if hunt() else 1)
