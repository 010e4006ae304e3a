"""What people may ask of their data, and what the house keeps of it: export, erasure, retention, legal hold.

``fields`` is the map everything goes by. A request (``requests``) is taken down with how its sender was
identified, approved by a second person, and carried out in the worker (``run``): an export becomes one file
(``export``) of what ``held`` gathers and ``page`` shows, an erasure leaves a tombstone (``erase``).
``retention`` empties what has been kept long enough; ``holds`` stops both. LGPD art. 16, 18 and 19; GDPR
art. 5(1)(e), 12, 15, 17 and 20.
"""

ERASED = "erased"
"""The kind of an identity whose person was erased: nobody's address, so nothing can be matched with it."""
