"""Field crews: who they are, their shifts, what is to be done at stations, and what they earn by it."""
