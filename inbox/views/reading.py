"""The web process's own reading child: what it opens of strangers' bytes, it opens there."""

from inbox.mail import Reader

READER = Reader()
