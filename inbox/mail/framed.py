"""A letter as a document of its own, for the sandboxed frame it is shown in."""

from __future__ import annotations

import re
from html import escape

# Senders choose colours for white paper: black on our dark ground could not be read.
_PAINTED = re.compile(r"<[^<>]*(?:color|background)[\w-]*\s*[:=]", re.IGNORECASE)
_PAGE_STYLE = """
body { margin: 0; padding: 1px; overflow-wrap: anywhere; color: CanvasText; background: Canvas;
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.scroll { overflow-x: auto; }
img { max-width: 100%; height: auto; }
img[data-remote], img[data-broken], img:not([src]) { min-width: 1em; min-height: 1em; padding: .2em .4em;
  border: 1px dashed GrayText; color: GrayText; font-size: 85%; }
pre { white-space: pre-wrap; }
blockquote { margin: .5em 0; padding-inline-start: 1em;
  border-inline-start: 2px solid color-mix(in srgb, GrayText 40%, Canvas); }
/* else a cell shrinks to one letter before its table scrolls */
table { border-collapse: collapse; overflow-wrap: break-word; }
a { color: LinkText; }
details { margin-top: .75em; }
summary { cursor: pointer; list-style: none; display: inline-block; padding: 0 .6em; border-radius: .6em;
  line-height: 1.3; background: color-mix(in srgb, GrayText 25%, Canvas); }
summary::-webkit-details-marker { display: none; }
/* ours, whatever the sender's styles around it are */
.elsewhere { all: initial; color-scheme: inherit; display: inline-block; padding: 0 .5em;
  border-radius: .3em; direction: ltr;
  unicode-bidi: isolate; overflow-wrap: anywhere; font: 600 12px/1.6 system-ui, sans-serif;
  color: light-dark(#8c2b12, #ffb9a8); background: light-dark(#ffe9e2, #4a2018); }
summary:focus-visible { outline: 2px solid Highlight; outline-offset: 2px; }
"""


def page(reply_html: str, quoted_html: str, lang: str, quoted_label: str, trackers: int = 0) -> str:
    """A whole document for the sandboxed frame, from cleaned HTML: no scripts, light and dark, history
    folded. `trackers` is how many images were left out because they only count readers.
    """
    label = escape(quoted_label)
    scheme = "light" if _PAINTED.search(reply_html + quoted_html) else "light dark"
    folded = (
        f'<details><summary aria-label="{label}" title="{label}">•••</summary>'
        f'<div class="scroll">{quoted_html}</div></details>'
        if quoted_html.strip()
        else ""
    )
    return (
        f'<!doctype html><html lang="{escape(lang)}" data-trackers="{trackers}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{label}</title><style>:root {{ color-scheme: {scheme}; }}{_PAGE_STYLE}</style></head>"
        f'<body><div class="scroll" dir="auto">{reply_html}</div>{folded}</body></html>'
    )
