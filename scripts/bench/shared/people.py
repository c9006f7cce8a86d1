"""Fills the tables with people and prints the access token of one of them.

`python -m scripts.bench.shared.people COUNT`
"""

import sys

from sqlalchemy import text

from powerbank import create_app
from powerbank.auth.people import sessions
from powerbank.base.db import new_id, transaction
from powerbank.users.models import User

PEOPLE = text("""
    INSERT INTO users (id, username, first_name, last_name, date_of_birth, address, city, referral_code)
    VALUES (:id, :name, 'Sita', 'Sharma', '1990-01-01', 'Thamel', 'Kathmandu', :code)
""")
NUMBERS = text("INSERT INTO user_identifiers (id, user_id, kind, value) VALUES (:id, :user_id, 'phone', :value)")


def main() -> None:
    count = int(sys.argv[1])
    ids = [new_id() for _ in range(count)]
    with create_app().app_context(), transaction() as session:
        session.execute(PEOPLE, [{"id": i, "name": f"person{n}", "code": f"C{n}"} for n, i in enumerate(ids)])
        numbers = [{"id": new_id(), "user_id": i, "value": f"+9779{n:09d}"} for n, i in enumerate(ids)]
        session.execute(NUMBERS, numbers)
        print(sessions.begin_session(session.get_one(User, ids[count // 2]), user_agent="bench").access_token)


if __name__ == "__main__":
    main()
