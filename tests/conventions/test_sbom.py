"""The list of what we are made of names every locked package and every file for browsers, with hash and licence."""

import json
import re
import subprocess
import sys

from tests.conftest import ROOT


def test_the_bill_of_materials_is_whole():
    done = subprocess.run([sys.executable, ".ci/sbom.py"], cwd=ROOT, capture_output=True, check=True, timeout=60)
    bill = json.loads(done.stdout)
    found = {one["purl"]: one for one in bill["components"]}
    locked = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert {f"pkg:pypi/{name.lower()}@{version}" for name, version in locked} == {
        purl for purl in found if purl.startswith("pkg:pypi/")
    }
    assert {one["name"] for purl, one in found.items() if "npm" in purl} == {"htmx.org", "idiomorph", "lucide-static"}
    assert all(one["hashes"] for one in found.values())
    assert sum("licenses" in one for one in found.values()) > len(found) * 0.9
