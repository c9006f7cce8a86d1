"""Venue partners: who hosts stations, by which agreement, and what share of the revenue each of them earns."""
