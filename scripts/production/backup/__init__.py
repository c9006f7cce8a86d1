"""Backups of the whole system, the drill that proves them, and the way back."""
