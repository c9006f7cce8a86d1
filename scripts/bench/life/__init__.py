"""What the whole life of a rental costs: `python scripts/bench/rentals.py --life`."""
