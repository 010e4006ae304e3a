"""``python -m tests.fire``: see the package. Ends with 1 if anything was lost, doubled, early or told."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.fire import checks, cluster, soak
from tests.fire.faults import every
from tests.fire.plan import Plan
from tests.fire.run import Run


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fire", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--mails", type=int, default=5000)
    parser.add_argument("--replies", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=30.0, help="when no more is begun")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--faults", default="", help="only these: " + " ".join(f.name for f in every()))
    parser.add_argument("--pause", type=float, nargs=2, help="seconds between mishaps")
    parser.add_argument("--scale", type=float, default=1.0, help="of how long mishaps last")
    parser.add_argument("--often", type=int, default=9, help="most mishaps of a kind in a round of all")
    parser.add_argument(
        "--soak", action="store_true", help="for hours: nobody is killed, what grows is found"
    )
    parser.add_argument("--folder", type=Path, default=None, help="keep what is left there")
    parser.add_argument("--log", type=Path, default=None, help="write what the house said into this file")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    faults = tuple(filter(None, given.faults.split(","))) or (("peers",) if given.soak else ())
    unknown = set(faults) - {fault.name for fault in every()}
    if unknown:
        sys.exit(f"There is no fault called {', '.join(sorted(unknown))}.")
    if given.database == "postgresql" and cluster.binaries() is None:
        sys.exit(cluster.MISSING)
    plan = Plan(
        given.seed,
        given.mails,
        given.replies,
        given.minutes,
        given.database,
        faults,
        tuple(given.pause or ((20.0, 60.0) if given.soak else (0.5, 3.0))),
        given.scale,
        given.soak,
        given.often,
    )
    print(f"seed {plan.seed}; once more: {plan.command()}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was mounted and started ends
    with tempfile.TemporaryDirectory(prefix="prosa-fire-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)  # PostgreSQL runs as another user and must find its folder
        return burn(plan, given.folder or Path(made), given.log)


def burn(plan: Plan, folder: Path, log: Path | None = None) -> int:
    began = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - began:7.1f} s  {line}", flush=True)

    with Run(plan, folder, say) as run:
        for name, why in run.skipped.items():
            say(f"left out: {name}: {why}")
        run.burn()
        if log:
            log.write_text("\n".join(run.house.lines))
        found = checks.every(run) + (soak.grown(run.watch.looks) if run.watch else [])
        figures(run, say)
        for offence in found:
            say(f"OFFENCE {offence}")
        if found:
            print("\n".join([line for line in run.house.lines if "[info]" not in line][-80:]), flush=True)
            print(f"seed {plan.seed}; once more: {plan.command()}", flush=True)
    say(f"{len(found)} offences" if found else "nothing lost, nothing doubled, nothing told")
    return bool(found)


def figures(run: Run, say: Callable[[str], None]) -> None:
    ledger = run.ledger
    kinds = Counter(mishap.kind for mishap in ledger.mishaps if mishap.detail)
    errands = Counter(errand.kind for errand in ledger.errands.values() if errand.acknowledged)
    undone = sum(errand.undone for errand in ledger.errands.values())
    ids = Counter(delivery.message_id for delivery in ledger.deliveries)
    say(
        f"{sum(a.accepted > 0 for a in ledger.arrivals.values())} mails accepted"
        f" in {sum(a.accepted for a in ledger.arrivals.values())} deliveries,"
        f" {sum(a.poison for a in ledger.arrivals.values())} of them poison"
    )
    say(f"{dict(errands)} acknowledged, {undone} undone, {len(ledger.resolved)} resolved")
    say(f"{len(ids)} mails left in {sum(ids.values())} deliveries")
    say(f"{kinds.total()} mishaps: " + ", ".join(f"{kind} {n}" for kind, n in sorted(kinds.items())))
    connections, heard = (sum(getattr(s, what) for s in run.screens) for what in ("connections", "heard"))
    if run.watch:
        say(soak.figures(run.watch.looks))
    say(f"{len(run.screens)} screens: {connections} connections, {heard} nudges heard")


if __name__ == "__main__":
    sys.exit(main())
