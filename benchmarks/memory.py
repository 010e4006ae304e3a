"""What everything needs when nothing happens: the proportional set size (PSS) of each process.

PSS counts memory that processes share once, divided among them (Linux, ``/proc/<pid>/smaps_rollup``).
The peer, from the same run: a Python that has imported nothing.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import psutil

from tests.house import House, mail, wait_for

KINDS = {
    "app.py": "web",
    "worker.py": "worker",
    "inbox.mail": "mail parser",
    "valkey": "valkey",
    "supervisor": "supervisor",
    "inbox": "supervisor",
}


def run() -> None:
    if not Path("/proc/self/smaps_rollup").exists():
        print("skipped: this system does not tell the PSS of a process")
        return
    with tempfile.TemporaryDirectory() as folder, House(Path(folder)) as house:
        house.deliver(*(mail(number) for number in range(20)))
        wait_for(lambda: house.count("SELECT count(*) FROM ticket") == 20, 30, house.said)
        house.page("/views/open")
        time.sleep(5)
        assert house.process
        sizes: dict[str, list[float]] = defaultdict(list)
        for process in (psutil.Process(house.process.pid), *house.family()):
            line = " ".join(process.cmdline())
            kind = next((name for word, name in KINDS.items() if word in line), line[:30])
            sizes[kind].append(_pss(process.pid))
        for kind, each in sizes.items():
            print(f"{kind:12} {sum(each):7.1f} MB in {len(each)} process{'es' * (len(each) > 1)}")
        bare = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
        time.sleep(1)
        peer = _pss(bare.pid)
        bare.kill()
        bare.wait()
        total = sum(map(sum, sizes.values()))
        print(f"{'together':12} {total:7.1f} MB, {total / peer:.0f} times a bare Python ({peer:.1f} MB)")


def _pss(pid: int) -> float:
    """Megabytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1000
    return 0.0
