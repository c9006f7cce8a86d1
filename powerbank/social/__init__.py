"""Leaderboard, badges and achievements: what people did, counted once and shown beside what others did."""
