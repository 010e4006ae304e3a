"""Servers at the other end: real ones on free ports, and one that lies."""
