"""The same two jobs on other people's workers. Each module runs in a virtual environment of its own."""
