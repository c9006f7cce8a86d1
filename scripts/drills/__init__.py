"""Drills: what breaks in production, done on purpose to a system of their own."""
