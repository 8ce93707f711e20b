"""`python -m gateway`: the place where the environment is read, before anything else of ours is loaded."""

import os
import sys
from pathlib import Path

STAYS = ("web", "worker", "auditor")


def main() -> None:
    """Processes share their counters through files; prometheus-client wants to know where when it is imported."""
    data = Path(os.environ.get("NABAT_DATA_DIR") or "data").absolute()
    counters = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(data / "counters")))
    try:
        if not data.exists():
            data.mkdir(mode=0o700, parents=True, exist_ok=True)  # who is reached by what is nobody else's business
        counters.mkdir(parents=True, exist_ok=True)
    except OSError as problem:  # a folder of another user, or a file
        sys.exit(f"{counters} cannot be made: {problem.strerror}; NABAT_DATA_DIR names a folder that may be written to")
    if not os.access(counters, os.W_OK | os.X_OK):  # made by a start as another user
        sys.exit(f"{counters} may not be written to by this user: NABAT_DATA_DIR belongs to another, run this as they")
    if sys.argv[1:2] and sys.argv[1] in STAYS:
        from gateway import counted  # noqa: PLC0415 - it loads prometheus-client, which wants to know the place first

        counted.gather(counters)
    if sys.argv[1:] == ["auditor"]:
        from gateway.start import watch  # noqa: PLC0415 - without pages, doors and servers it is a third smaller

        watch.run()
        return
    from gateway.start.commands import cli  # noqa: PLC0415 - see above

    cli(prog_name="nabat")


if __name__ == "__main__":
    main()
