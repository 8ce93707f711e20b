"""What Nabat is made of, as CycloneDX 1.6: `.venv/bin/python .ci/sbom.py > sbom.cdx.json`.

The locked requirements and the files for browsers. Nothing in it is of the moment; only the licences are read from what
is installed.
"""

import json
import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PINNED = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<rest>(?:.*\\\n)*.*)", re.MULTILINE)
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
ROW = re.compile(
    r"^\| (?P<file>\S+) \| (?P<name>\S+) \| (?P<version>\S+) \| (?P<licence>[^|]+) \| `(?P<hash>[0-9a-f]{64})` \|$"
)


def main() -> None:
    components = [*of_requirements((ROOT / "requirements.txt").read_text()), *of_browser()]
    whole = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    json.dump(whole, sys.stdout, indent=2)


def of_requirements(text: str) -> Iterator[dict[str, Any]]:
    for found in PINNED.finditer(text):
        name, version = found["name"], found["version"]
        yield component(
            f"pkg:pypi/{name.lower()}@{version}", name, version, licence_of(name), HASH.findall(found["rest"])
        )


def of_browser() -> Iterator[dict[str, Any]]:
    for line in (ROOT / "dashboard/static/vendor/VENDOR.md").read_text().splitlines():
        if found := ROW.match(line):
            purl = f"pkg:npm/{found['name']}@{found['version']}"
            yield component(purl, found["name"], found["version"], found["licence"].strip(), [found["hash"]])


def component(purl: str, name: str, version: str, licence: str, hashes: list[str]) -> dict[str, Any]:
    """A package has a file for each kind of machine: all their hashes are those of the lock."""
    sums = [{"alg": "SHA-256", "content": one} for one in hashes]
    said = {"licenses": [{"license": {"name": licence}}]} if licence else {}
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl, "hashes": sums, **said}


def licence_of(name: str) -> str:
    """As the package itself says; nothing where it is not installed here."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return ""
    kinds = [one.rpartition(" :: ")[2] for one in about.get_all("Classifier") or () if one.startswith("License ::")]
    return str(about.get("License-Expression") or ", ".join(kinds) or (about.get("License") or "").partition("\n")[0])[
        :100
    ]


if __name__ == "__main__":
    main()
