"""An environment of its own for each rival: made once, from a lock file with hashes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"


def environment(name: str, cache: Path = CACHE) -> Path:
    """The folder with its programs; asks the package index the first time, and when the lock changed."""
    lock = HERE / name / "requirements.lock"
    home, stamp = cache / name, cache / f"{name}.stamp"
    made_of = f"{sys.version}\n{hashlib.sha256(lock.read_bytes()).hexdigest()}"
    if not stamp.exists() or stamp.read_text() != made_of:
        print(f"installing {name} from {lock.relative_to(HERE.parent.parent)} …", flush=True)
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        run(sys.executable, "-m", "venv", home)
        pip = (home / "bin" / "python", "-m", "pip", "--disable-pip-version-check")
        run(*pip, "install", "--quiet", "--require-hashes", "-r", lock)
        stamp.write_text(made_of)
    return home / "bin"


def run(*command: str | Path, **how: object) -> str:
    """What it printed. Raises RuntimeError with what it said if it fails."""
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, **how)  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    return str(done.stdout)
