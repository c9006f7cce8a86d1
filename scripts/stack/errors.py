"""What a person is told when a start fails."""


class StackError(Exception):
    """Said to the person in one sentence, below the last lines of the log that explain it."""

    def __init__(self, sentence: str, last_lines: str = "") -> None:
        super().__init__(f"{last_lines}\n{sentence}" if last_lines else sentence)
