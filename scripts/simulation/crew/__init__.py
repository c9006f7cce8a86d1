"""Members of the field crew that work by themselves: with a phone at the public API, and with hands at the simulated
stations. Nothing is done for them: a power bank comes out of a slot because the station was told to put it out, and a
task is done because the station says so.
"""

from scripts.simulation.crew.habits import Habits
from scripts.simulation.crew.hands import Hands
from scripts.simulation.crew.phone import Phone, Refused, Unanswered
from scripts.simulation.crew.places import Point
from scripts.simulation.crew.work import take_photo
from scripts.simulation.crew.worker import Worker

__all__ = ("Habits", "Hands", "Phone", "Point", "Refused", "Unanswered", "Worker", "take_photo")
