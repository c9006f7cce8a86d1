"""Stations: where they are, what sits in them, and how they are spoken to."""
