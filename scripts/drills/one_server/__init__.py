"""The drill of one server: a whole Debian with systemd, in which everything happens that an operator does."""
