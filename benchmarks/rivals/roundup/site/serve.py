"""Roundup's own WSGI handler, with the tracker kept open as its manual advises."""

import os

from roundup.cgi.wsgi_handler import RequestDispatcher

app = RequestDispatcher(os.environ["RIVAL_TRACKER"], feature_flags={"cache_tracker": ""})
