"""The crew of the demonstration: its members, a fortnight of their rounds, what lies before staff, and the members as
they work on from there.
"""
