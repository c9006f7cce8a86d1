"""Tests that hold for the whole house: each looks at all routes, events, texts or tables, and finds new ones."""
