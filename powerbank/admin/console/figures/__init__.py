"""The console's pages of figures."""
