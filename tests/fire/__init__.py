"""Everything that can go wrong, at once and at random; and a ledger outside that knows what must be true.

``python -m tests.fire --seed 7`` starts a house, sends it mail, answers as a browser does, and meanwhile
kills, fills, locks, restarts and drops. When all is quiet again ``checks`` compare the house with what the
fake servers wrote down. Every decision comes from the seed; when exactly it falls, the machine decides.

A server of another channel is one file in ``servers``, a mishap one file in ``faults``, an invariant one file
in ``checks``.
"""
