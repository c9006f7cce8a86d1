"""Ten minutes of everything that breaks, and a checker of what was left: `python -m scripts.drills.storm`."""
