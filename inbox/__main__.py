"""`python -m inbox`: the command line, which stands in inbox/cli.py.

Only this stays here: an MTA that pipes a mail to us must keep it whatever goes wrong, also when the
installation is so broken that the command line cannot be imported.
"""

import gc
import sys

EX_TEMPFAIL = 75  # sysexits.h: try again later


def main() -> int:
    delivering = sys.argv[1:3] == ["mail", "deliver"]
    gc.disable()  # imports leave no garbage, and looking for it takes a quarter of their time
    try:
        from inbox.cli import run

        gc.enable()
        code = run(sys.argv[1:])
    except BaseException as problem:
        if not delivering:
            raise
        print(f"mail deliver: {type(problem).__name__}: {problem}", file=sys.stderr)
        code = 1
    return EX_TEMPFAIL if delivering and code else code


if __name__ == "__main__":
    sys.exit(main())
