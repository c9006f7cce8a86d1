"""The last version's code on whatever schema the database has: it reads every table, could write each of them, and
signs somebody in."""

from uuid import UUID

from sqlalchemy import select, text

from powerbank import create_app
from powerbank.auth.people import otp
from powerbank.base.db import Base, db

# An INSERT must name these columns, as nothing else gives them a value.
NEEDED = text("""
    SELECT column_name FROM information_schema.columns
     WHERE table_name = :table AND is_nullable = 'NO' AND is_identity = 'NO' AND is_generated = 'NEVER'
       AND column_default IS NULL""")


def main() -> None:
    app = create_app()
    with app.app_context():
        for mapper in Base.registry.mappers:
            db.session.execute(select(mapper.class_).limit(1))
            table = mapper.local_table
            needed = set(db.session.scalars(NEEDED, {"table": table.name}))
            assert needed <= set(table.columns.keys()), f"{table.name} needs {needed}"
    client = app.test_client()
    assert client.get("/health/ready").status_code == 200
    asked = client.post("/api/auth/get-otp", json={"identifier": "+9779812345670"})
    challenge = asked.get_json()["challenge_id"]
    with app.app_context():
        code = otp.derive_code(UUID(challenge))
    verified = client.post("/api/auth/verify-otp", json={"challenge_id": challenge, "code": code}).get_json()
    who = {"verification_token": verified["verification_token"], "username": "sita"}
    joined = client.post("/api/auth/register", json=who)
    token = joined.get_json()["access_token"]
    me = client.get("/api/users/me", headers={"Authorization": f"Bearer {token}"})
    print(asked.status_code, joined.status_code, me.status_code)


if __name__ == "__main__":
    main()
