class ManageError(Exception):
    """Said to the operator in one sentence that says what to do."""
