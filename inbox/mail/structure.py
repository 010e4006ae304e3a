"""What mail programs call the elements they put around quotes and signatures: the names, and nothing else.

Each of them writes its own into `class`, `id`, `name` or `data-…` attributes. To teach a program: add its
names here, and a mail to `tests/mail/test_quotes.py`.
"""

from __future__ import annotations

import re
from typing import Any

# The element holds what is quoted. `gmail_quote` is none of them: Gmail forwards in it as well, and its
# button for quoting makes a <blockquote> of that class.
QUOTING = {
    "yahoo_quoted", "protonmail_quote", "proton-quote", "tutanota_quote", "zmail_extra", "zmail_extra_hr",
    "olk_src_body_section", "mail-editor-reference-message-container", "ms-outlook-mobile-reference-message",
    "gmail_quote_block", "moz-email-quote", "skype-mail-quote", "front-blockquote", "freshdesk_quote",
    "hmquote", "name:quote", "name:messagereplysection", "marker:__quoted_text__", "missive_quote",
    "isreplycontent", "ntes_replycontent", "mail-quote-collapse", "cm_replymail_content_wrap", "quoted_text",
    "aolreplacedbody", "alimail-quote", "bluemail-quote",
    "helpscout-quote", "mailbird-quote", "sh-quoted-content",
}  # fmt: skip
# From this element on all is history.
CUTTING = {
    "divrplyfwdmsg", "appendonsend", "stopspelling", "outlookmessageheader", "replysplit",
    "stopspelling-hr", "divtagdefaultwrapper-reply", "reply-separator", "zwchr", "marker:__divider__",
    "marker:__headers__", "lep-replydivider",
}  # fmt: skip
# The element says whom the sender quotes.
ATTRIBUTING = {"gmail_attr", "moz-cite-prefix", "reply-intro", "unibox-attribution", "protonmail_attr"}
# The element holds a signature.
SIGNING = {
    "gmail_signature", "gmail_signature_prefix", "moz-signature", "applemailsignature",
    "protonmail_signature_block", "signature", "ms-outlook-mobile-signature", "tutanota_signature",
    "zmail_signature", "physignature", "name:messagesignaturesection", "mobile-signature", "bloop_sign",
    "smartmail:gmail_signature", "marker:__sig_pre__", "marker:__sig_post__", "mail_signature",
    "sh-signature", "missive_signature",
}  # fmt: skip
_PREFIXES = re.compile(r"^(?:x_|ecx|ydp[0-9a-z]{6,10}|yiv\d{5,12})+")
_OUTLOOK_RULE = re.compile(
    r"border-top\s*:\s*solid\s+(?:#e1e1e1|#b5c4df|rgb\(225,\s*225,\s*225\)|rgb\(181,\s*196,\s*223\))",
    re.IGNORECASE,
)
_FIELD = re.compile(r"[^\W\d_][^:：\n]{0,25}[:：]")


def names(element: Any) -> set[str]:
    """What the element calls itself, without what programs that quote it again put before its names."""
    found = {_plain(name) for name in (element.get("class") or "")[:500].lower().split()[:30]}
    found.add(_plain((element.get("id") or "")[:100].lower()))
    for attribute, kind in (("name", "name"), ("data-marker", "marker"), ("data-smartmail", "smartmail")):
        if value := element.get(attribute):
            found.add(f"{kind}:{value[:60].lower()}")
    return found


def _plain(name: str) -> str:
    """`ydp1a2b3cyahoo_quoted_0123` is `yahoo_quoted`, `x_divRplyFwdMsg` what it was before it was quoted."""
    return "yahoo_quoted" if "yahoo_quoted" in name else _PREFIXES.sub("", name)


def has_outlook_rule(style: str) -> bool:
    """Whether a style draws the line above a header that Outlook quotes; a field must stand below it."""
    return _OUTLOOK_RULE.search(style) is not None


def is_field(text: str) -> bool:
    """Whether a line looks like `From: …`, in whatever language."""
    return _FIELD.match(text[:60].strip("* ")) is not None
