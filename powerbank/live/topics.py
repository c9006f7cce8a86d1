"""Name the topics that can be followed, and decide who may follow them.

A topic is a name such as `console`, or a name with the id of one thing such as `rental:0192…`. Each name has one
function that says whether somebody may follow it. `powerbank.wiring` registers those of the other domains.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from powerbank.api.auth import Staff
from powerbank.base.errors import InvalidFieldsError
from powerbank.live.changes import topic_of_user
from powerbank.live.errors import topic_forbidden


@dataclass(frozen=True)
class Follower:
    """Somebody who signed in, a person or a member of staff."""

    principal: str  # user:<id> or staff:<id>
    session_id: UUID
    user_id: UUID | None = None
    staff: Staff | None = None

    def may(self, permission: str) -> bool:
        return self.staff is not None and self.staff.may(permission)


# Takes who asks and the id behind the name, "" if there is none. Answers the topic as it is announced, or None to who
# may not follow it. What does not exist is answered like what belongs to somebody else.
Right = Callable[[Follower, str], str | None]

_rights: dict[str, Right] = {}


def register_topics(rights: Mapping[str, Right]) -> None:
    _rights.clear()
    _rights.update(rights)


def find_topics(follower: Follower, asked: Sequence[str]) -> list[str]:
    """Give the topics as they are announced, each once. Refuse what is no topic and what may not be followed."""
    unknown = {
        f"topics.{number}": ["There is no such topic."]
        for number, topic in enumerate(asked)
        if topic.partition(":")[0] not in _rights
    }
    if unknown:
        raise InvalidFieldsError(unknown)
    found: dict[str, None] = {}
    for topic in asked:
        name, _, subject = topic.partition(":")
        announced = _rights[name](follower, subject)
        if announced is None:
            raise topic_forbidden(topic)
        found[announced] = None
    return [*found]


def own_topic(follower: Follower, subject: str) -> str | None:
    """`me`: what concerns the person who asks."""
    return topic_of_user(follower.user_id) if follower.user_id is not None and not subject else None


def topic_for_staff(name: str, permission: str) -> Right:
    """Make the right to a topic that is open to the staff who have a permission."""
    return lambda follower, subject: name if follower.may(permission) and not subject else None
