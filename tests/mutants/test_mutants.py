"""A gate that was never seen to fail does not count: the suite must notice eleven planted bugs."""

import pytest
from jinja2 import Environment

from tests.mutants.__main__ import hunt
from tests.mutants.mutants import MUTANTS, ROOT


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_can_be_planted(mutant):
    changed = mutant.applied_to((ROOT / mutant.path).read_text())
    if mutant.path.endswith(".py"):
        compile(changed, mutant.path, "exec")
    else:
        Environment(extensions=["jinja2.ext.i18n"], autoescape=True).parse(changed)


@pytest.mark.gameday
@pytest.mark.timeout(900)
def test_every_mutant_is_caught():
    said = []
    assert hunt(said.append), "\n".join(said)
