"""Processes under test. Each is the product's own program with the jobs of `tests.sample_jobs` added."""
