"""The pages for authors of apps: guides with examples that run, the reference, and a page to try requests out."""
