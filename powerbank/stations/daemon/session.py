"""The client id under which the broker keeps what stations say while no daemon listens: made up once, the same for all
daemons, and told to nobody. A station that knew it could take over the session, and what waits in it would be lost."""

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine

from powerbank.integrations.mqtt.address import new_client_id
from powerbank.stations.models import BrokerState


def client_id(engine: Engine) -> str:
    made = insert(BrokerState).values(daemon_session=new_client_id())
    first = made.on_conflict_do_update(
        index_elements=["single"],
        set_={"daemon_session": made.excluded.daemon_session},
        where=BrokerState.daemon_session.is_(None),
    )
    with engine.begin() as connection:
        connection.execute(first)
        return str(connection.execute(select(BrokerState.daemon_session)).scalar_one())
