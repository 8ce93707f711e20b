"""Who changed the rule book's files last: the author of the last commit, if they lie in git, else a file's owner."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rules.texts.text import clean_text, cut, one_line

PATIENCE = 5.0  # seconds for git
LONGEST = 200
COMMIT = "%an <%ae>%x00%h%x00%s"


@dataclass(frozen=True, slots=True)
class Author:
    name: str  # empty: nobody knows
    commit: str = ""
    subject: str = ""  # of that commit
    edited: bool = False  # the files are not as in that commit, so somebody else may have changed them

    @property
    def who(self) -> str:
        """The name without the address: pages are read by more people than the files are."""
        return self.name.partition(" <")[0]


def author_of(place: Path) -> Author:
    """Reads only. What git says is somebody's text: cleaned and cut."""
    folder = place if place.is_dir() else place.parent
    path = "." if place.is_dir() else place.name
    said = _git(folder, "log", "-1", f"--format={COMMIT}", "--", path)
    name, commit, subject = (f"{said}\0\0".split("\0"))[:3] if said else ("", "", "")
    if not commit:
        return Author(_owner(place))
    edited = _git(folder, "status", "--porcelain", "--", path) != ""
    return Author(_short(name), _short(commit), _short(subject), edited)


def _git(folder: Path, *arguments: str) -> str:
    """What it prints; nothing where it is not installed, is no repository, or does not come back."""
    plain = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own words and the folder from the settings
            ["git", "-C", str(folder), "-c", "core.fsmonitor=false", *arguments],  # noqa: S607 - as the PATH has it
            capture_output=True, timeout=PATIENCE, check=False, env={**plain, "GIT_OPTIONAL_LOCKS": "0"},
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def _owner(place: Path) -> str:
    """Of the file that changed last."""
    try:
        files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
        newest = max(files, key=lambda one: one.stat().st_mtime)
        return f"{newest.owner()} (owner of {_short(newest.name)})"
    except (OSError, ValueError, KeyError):  # gone meanwhile, no file at all, or an owner without a name
        return ""


def _short(text: str) -> str:
    return cut(one_line(clean_text(text)), LONGEST)
