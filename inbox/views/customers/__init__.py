"""Customers and organisations: who they are, who turned out to be the same, where they belong."""

from inbox.views.customers import merges, organisations, people

SCREENS = (people.bp, merges.bp, organisations.bp)
