"""One way to write to the log: tidy lines for people, or JSON lines for machines.

Secrets and the words of customers never reach a log, whoever passes them: `discreet` sees every line last.
"""

import logging
import os
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.types import Processor

from inbox.config import Log

SECRET = re.compile(r"passw|secret|token|cookie|authorization|api_?key|credential|signature", re.IGNORECASE)
WORDS = {"text", "html", "body", "raw", "content", "subject", "reply_text", "snippet", "question", "answer"}
PASSWORD_IN_URL = re.compile(r"(://[^:/@\s]*):[^@/\s]+@")
# They narrate every step, some of them with the mail in it; their warnings are wanted.
TALKATIVE = (
    "aiosmtpd",
    "mail.log",
    "engineio",
    "socketio",
    "imapclient",
    "rq",
    "sqlalchemy",
    "werkzeug",
    "alembic",
)


def setup(log: Log) -> None:
    """Send structlog and the standard library's loggers to stderr in one format. Safe to call again."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(log.level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering(log.format)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(log.level.upper())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def rendering(format: str) -> list[Processor]:  # noqa: A002
    if format == "json":
        return [
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            discreet,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
        ]
    return [
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        # no library that prints local variables with a traceback: they hold what customers wrote
        structlog.processors.format_exc_info,
        discreet,
        structlog.dev.ConsoleRenderer(colors=coloured(), pad_level=False, pad_event_to=24),
    ]


def coloured() -> bool:
    """Colour on a terminal only. The supervisor, which reads our lines through a pipe, says FORCE_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or sys.stderr.isatty()


def discreet(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out secrets, and say only how long a text was."""
    return {key: shown(key, value) for key, value in line.items()}


def shown(key: str, value: Any) -> Any:
    if SECRET.search(key):
        return "***"
    if key in WORDS and isinstance(value, str | bytes):
        return f"({len(value)} {'bytes' if isinstance(value, bytes) else 'characters'})"
    if isinstance(value, dict):
        return {inner: shown(str(inner), item) for inner, item in value.items()}
    return PASSWORD_IN_URL.sub(r"\1:***@", value) if isinstance(value, str) else value
