"""Real servers from ordinary packages, for development and for the tests."""

from scripts.stack.broker import EmbeddedBroker
from scripts.stack.placement import temporary_data_folder
from scripts.stack.ports import Ports, free_ports
from scripts.stack.postgres import EmbeddedPostgres
from scripts.stack.problems import StackError
from scripts.stack.redis import EmbeddedRedis
from scripts.stack.stack import Stack

__all__ = [
    "EmbeddedBroker",
    "EmbeddedPostgres",
    "EmbeddedRedis",
    "Ports",
    "Stack",
    "StackError",
    "free_ports",
    "temporary_data_folder",
]
