"""Avatars: the pictures that people show of themselves, public at an address that nobody guesses."""

import secrets
from uuid import UUID

from flask import current_app
from sqlalchemy import delete, select

from powerbank.base.db import db, open_session
from powerbank.pictures.pipeline import Shape
from powerbank.users.errors import AccountBlockedError
from powerbank.users.models import Avatar, User
from powerbank.users.queries import Profile
from powerbank.users.services import may_sign_in

SHAPE = Shape(512, square=True)


def avatar_url(user: User | Profile) -> str | None:
    if user.avatar_key is None:
        return None
    return f"{current_app.config['SETTINGS'].public_url}/media/avatars/{user.avatar_key}.jpg"


def replace_avatar(user_id: UUID, picture: bytes) -> User:
    """Show a picture that has been through the pipeline. The address of the old one leads nowhere from now on."""
    user = _lock_user(user_id)
    if not may_sign_in(user):  # deleted or banned while the picture was read
        raise AccountBlockedError
    _delete_avatar(user)
    user.avatar_key = secrets.token_urlsafe(16)
    open_session().add(Avatar(user_id=user.id, key=user.avatar_key, content=picture))
    open_session().flush()
    return user


def forget_avatar_of_user(user: User) -> None:
    """Remove the avatar, as one of the steps that end an account."""
    remove_avatar(user.id)


def remove_avatar(user_id: UUID) -> None:
    _delete_avatar(_lock_user(user_id))


def find_picture(key: str) -> bytes | None:
    found: bytes | None = db.session.scalar(select(Avatar.content).where(Avatar.key == key))
    return found


def _lock_user(user_id: UUID) -> User:
    return open_session().get_one(User, user_id, with_for_update=True, populate_existing=True)


def _delete_avatar(user: User) -> None:
    open_session().execute(delete(Avatar).where(Avatar.user_id == user.id))
    user.avatar_key = None
