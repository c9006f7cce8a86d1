"""Simulate stations that speak to a real broker, for development, tests and load."""

from scripts.simulation.faults import FAULTS
from scripts.simulation.simulator import Simulator
from scripts.simulation.specs import Network, StationSpec, generate

__all__ = ["FAULTS", "Network", "Simulator", "StationSpec", "generate"]
