"""Prosa: one inbox for every channel. Read ``tickets/`` first; ``docs/architecture.md`` draws the whole."""
