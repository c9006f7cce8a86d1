"""Real servers from ordinary packages, for development and for the tests."""
