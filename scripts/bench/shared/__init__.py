"""What several benches share: servers, load, people and stations to fill the tables with, and reports."""
