"""Why something that was written is not sent."""

from __future__ import annotations

from inbox.models import Message


class Refused(Exception):
    """It cannot be sent as it is. ``reason`` is one of ``empty``, ``too_long``, ``no_address``, ``nobody``,
    ``bad_copy``, ``own_address``, ``too_many``, ``no_sender``, ``no_subject``, ``past``, ``too_late``,
    ``nothing_to_forward``, ``used_key``, ``gaps``; ``detail`` says which address or placeholders, where it is
    about some."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


class Newer(Exception):
    """Somebody wrote since the composer was opened: look before you send."""

    def __init__(self, messages: list[Message]) -> None:
        super().__init__("somebody wrote in the meantime")
        self.messages = messages
