"""Figures: what happened, summed up by hour and day, and what staff read of it."""
