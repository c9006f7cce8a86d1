from uuid import UUID

from powerbank.auth.people import otp
from powerbank.base.errors import ConflictError
from powerbank.notifications.delivery.addresses import masked
from powerbank.notifications.people.kinds import Type
from powerbank.notifications.people.services import notify
from powerbank.users import services as users
from powerbank.users.identifiers import ContactAddress
from powerbank.users.models import User


def link(user_id: UUID, challenge_id: UUID, code: str, *, at: str) -> User | ConflictError | None:
    """The person with the new address; None for a wrong code; a refusal, told only to who has proved that it is
    theirs, when it belongs to an account already."""
    user = users.lock_user(user_id)
    challenge = otp.verify(challenge_id, code, at=at, asker=user_id)
    if challenge is None:
        return None
    address = otp.address_of(challenge)
    if user.identifier(address.kind) == address.value:
        return user
    try:
        before = users.set_identifier(user, address)
    except ConflictError as taken:
        return taken
    notify(
        user_id=user_id,
        type=Type.ACCOUNT_SECURITY,
        context={"change": address.kind.value, "masked": masked(address.kind, address.value)},
        dedup_key=f"identifier:{challenge_id}",
        also_to=[ContactAddress(address.kind, before)] if before else [],
    )
    return user
