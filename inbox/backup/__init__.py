"""One file that holds everything, and the ways from one database to another.

`make` writes it while Prosa runs, `restore` reads it into an empty place, `move` takes a SQLite database to
PostgreSQL. Whatever the database, a backup holds a SQLite file at its own migration: `tables` copies and
compares row by row.
"""


class Refused(Exception):
    """Says in one line why nothing was done, and what to do."""
