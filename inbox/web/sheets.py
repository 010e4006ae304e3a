"""Tables as files: CSV that a spreadsheet opens rightly and does not run.

UTF-8 with a byte order mark, which Excel needs to know it by, and RFC 4180's quoting and line ends. The comma
stands between numbers in Brazil, so the semicolon stands between fields there: it is what Excel splits by.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from inbox.web.i18n import language, zone

BOM = "\ufeff"
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "|", "%")


def separator() -> str:
    return ";" if language() == "pt-BR" else ","


def cell(value: Any) -> Any:
    """A number as it is; text never as a formula (OWASP, CSV Injection)."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone()).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, int | float):
        return value
    text = str(value)
    return f"'{text}" if text.lstrip(" ").startswith(BEGINS_A_FORMULA) else text


def written(rows: Iterable[Sequence[Any]], between: str) -> Iterator[str]:
    """Line by line, for a download of any length; ``between`` as ``separator()`` said while one could ask."""
    yield BOM
    line = io.StringIO()
    writer = csv.writer(line, delimiter=between, lineterminator="\r\n")
    for row in rows:
        writer.writerow([cell(value) for value in row])
        yield line.getvalue()
        line.seek(0)
        line.truncate()
