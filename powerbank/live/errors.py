from powerbank.base.errors import AppError, UnavailableError


def topic_forbidden(topic: str) -> AppError:
    return AppError("topic_forbidden", 403, "You may not follow this.", topic=topic)


def live_unavailable() -> UnavailableError:
    return UnavailableError("unavailable", "This is not possible right now; try again shortly.")
