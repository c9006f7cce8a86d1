"""Statements: what a payee earned and was paid, numbered without gaps and frozen when they are made."""
