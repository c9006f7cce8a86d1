"""`GET /api/users/me` and `GET /api/stations/nearby` as a FastAPI application would have them: the same token check,
the same queries, the same fields in the answer. Neither writes log lines here, compresses, or reads anything but the
database. It keeps no rate limit, names and counts no request and sets no security headers, which ours does.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import jwt
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

USER = text("""
    SELECT u.id, u.username, u.first_name, u.last_name, u.date_of_birth, u.address, u.city, u.language,
           u.auto_collect_dues, u.status, u.referral_code
      FROM users u JOIN sessions s ON s.user_id = u.id
     WHERE u.id = :user_id AND s.id = :session_id AND s.ended_at IS NULL
""")
IDENTIFIERS = text("SELECT kind, value FROM user_identifiers WHERE user_id = :user_id")
NEARBY = text(os.environ.get("NEARBY_SQL", "SELECT"))
KEY = os.environ["JWT_SECRET_KEY"]

# Single reads need no transaction around them, here as there.
engine = create_async_engine(
    os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://"),
    pool_size=10,
    max_overflow=0,
    isolation_level="AUTOCOMMIT",
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
bearer = HTTPBearer()


class Profile(BaseModel):
    id: UUID
    username: str
    first_name: str | None
    last_name: str | None
    date_of_birth: str | None
    address: str | None
    city: str | None
    language: str
    auto_collect_dues: bool
    status: str
    referral_code: str
    email: str | None
    phone: str | None
    profile_complete: bool


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


def claims(credentials: Annotated[HTTPAuthorizationCredentials, Depends(bearer)]) -> dict[str, str]:
    try:
        return jwt.decode(
            credentials.credentials,
            KEY,
            algorithms=["HS256"],
            audience="powerbank-app",
            options={"require": ["exp", "iat", "jti", "sub", "aud"]},
        )
    except jwt.PyJWTError:
        raise HTTPException(401) from None


async def session(_request: Request) -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


@app.get("/api/users/me")
async def me(
    found: Annotated[dict[str, str], Depends(claims)], database: Annotated[AsyncSession, Depends(session)]
) -> Profile:
    parameters = {"user_id": UUID(found["sub"]), "session_id": UUID(found["sid"])}
    user = (await database.execute(USER, parameters)).mappings().one_or_none()
    if user is None or user["status"] not in ("active", "suspended"):
        raise HTTPException(401)
    known = {row.kind: row.value for row in await database.execute(IDENTIFIERS, {"user_id": user["id"]})}
    names = ("first_name", "last_name", "date_of_birth", "address", "city")
    return Profile(
        **{name: value for name, value in user.items() if name != "date_of_birth"},
        date_of_birth=user["date_of_birth"].isoformat() if user["date_of_birth"] else None,
        email=known.get("email"),
        phone=known.get("phone"),
        profile_complete=all(user[name] for name in names),
    )


class Around(BaseModel):
    lat: float = Field(ge=-90, le=90)
    lng: float = Field(ge=-180, le=180)
    radius_km: float = Field(5, ge=0.01, le=500)
    limit: int = Field(20, ge=1, le=100)
    min_banks: int = Field(0, ge=0, le=1000)
    min_free_slots: int = Field(0, ge=0, le=1000)


class Card(BaseModel):
    sn: str
    name: str
    lat: float
    lng: float
    distance_m: int
    status: str
    available_banks: int
    free_slots: int
    open_now: bool
    last_seen: datetime | None
    is_favorite: bool


class Cards(BaseModel):
    items: list[Card]
    next_cursor: None = None


@app.get("/api/stations/nearby")
async def nearby(around: Annotated[Around, Query()], database: Annotated[AsyncSession, Depends(session)]) -> Cards:
    found = await database.execute(NEARBY, around.model_dump() | {"user_id": None})
    return Cards(items=[_card(row) for row in found])


def _card(row: Any) -> Card:
    """No station of this measurement has opening hours."""
    status = "maintenance" if row.maintenance else "online" if row.online else "offline"
    return Card(
        sn=row.sn,
        name=row.name,
        lat=row.lat,
        lng=row.lng,
        distance_m=round(row.km * 1000),
        status=status,
        available_banks=row.available_banks,
        free_slots=row.free_slots,
        open_now=row.hours is None,
        last_seen=row.last_seen,
        is_favorite=row.is_favorite,
    )
