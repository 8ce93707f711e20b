"""README.md names every setting with its default, as the code has them."""

from pathlib import Path

import pytest

from gateway.settings import SETTINGS

README = Path(__file__).parent.parent.parent / "README.md"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_readme_has_the_setting(setting):
    if not README.exists():
        pytest.skip("there is no README.md yet")
    rows = [line for line in README.read_text().splitlines() if line.startswith(f"| `{setting.name}` |")]
    assert len(rows) == 1, f"README.md: one row of its table for {setting.name} (gateway.settings.readme_table)"
    if setting.default:
        assert f"`{setting.default}`" in rows[0]
