"""A demonstration that makes the console worth looking at: people, a fortnight of rentals, and what waits for staff.

`scripts/run` starts it beside the others, but not with `--bare`. It begins when the system is ready, works slowly
enough that screens stay quick, and goes on where it was after a stop. All of it goes through the services, with their
clock.
"""
