"""Errors that end a start, with the sentence that a person reads."""


class StackError(Exception):
    """A failed start. Its sentence is printed below the last lines of the log that explain it."""

    def __init__(self, sentence: str, last_lines: str = "") -> None:
        super().__init__(f"{last_lines}\n{sentence}" if last_lines else sentence)
