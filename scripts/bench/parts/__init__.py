"""The parts of one bench each, named after it."""
