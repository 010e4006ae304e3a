"""Who is who: the person behind an address, and who turned out to be the same."""

from inbox.customers.directory import Asked, Page, Row, find, page, people
from inbox.customers.editing import FACTS, Invalid, change, known, let_know, own_values, shown
from inbox.customers.merging import (
    Gone,
    Preview,
    Stale,
    merge,
    merges_of,
    preview,
    root,
    split,
    unmerge,
)
from inbox.customers.who import UNVERIFIED, identify, meet, normal

__all__ = [
    "FACTS",
    "UNVERIFIED",
    "Asked",
    "Gone",
    "Invalid",
    "Page",
    "Preview",
    "Row",
    "Stale",
    "change",
    "find",
    "identify",
    "known",
    "let_know",
    "meet",
    "merge",
    "merges_of",
    "normal",
    "own_values",
    "page",
    "people",
    "preview",
    "root",
    "shown",
    "split",
    "unmerge",
]
