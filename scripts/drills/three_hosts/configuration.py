"""What stands in the files of each host, as docs/high-availability.md recommends it."""

import json
from dataclasses import dataclass

from scripts.sandbox.environment import settings as played_by_sandbox

NETWORK = "10.77.0"
OUTSIDE = f"{NETWORK}.1"  # the load balancer's address, and the vendors'
WEB, SANDBOX, BROKER, BROKER_OF_SERVICE = 80, 8025, 8883, 1883
PASSWORDS = {"superuser": "drill-superuser", "owner": "drill-owner", "app": "drill-app", "replica": "drill-replica"}
REDIS_PASSWORD = "drill-redis"  # noqa: S105 (of a drill)
ADMIN = ("admin@example.com", "correct-horse-battery-staple")
MONITOR_TOKEN = "drill-monitor-token-of-three-hosts"  # noqa: S105 (of a drill)
BROKER_ACCOUNT = ("powerbank", "drill-broker-password")


@dataclass(frozen=True)
class Name:
    letter: str
    address: str


NAMES = tuple(Name(letter, f"{NETWORK}.{11 + number}") for number, letter in enumerate("abc"))


def etcd(host: Name) -> str:
    members = ",".join(f"{each.letter}=http://{each.address}:2380" for each in NAMES)
    return "\n".join(
        [
            f"--name={host.letter} --data-dir=/var/lib/etcd/drill",
            f"--listen-peer-urls=http://{host.address}:2380 --initial-advertise-peer-urls=http://{host.address}:2380",
            f"--listen-client-urls=http://{host.address}:2379,http://127.0.0.1:2379",
            f"--advertise-client-urls=http://{host.address}:2379",
            f"--initial-cluster={members} --initial-cluster-state=new",
            # A member that lost the leader alone asks first whether it would be elected. Otherwise it comes back with a
            # higher term, the leader steps down, and Patroni takes the database away from everybody for seconds.
            "--heartbeat-interval=250 --election-timeout=2500 --pre-vote=true --logger=zap --log-level=warn",
        ]
    ).replace("\n", " ")


def patroni(host: Name) -> str:
    """Answer a commit once a second host has it (`synchronous_mode`); a lost primary is replaced, not waited for."""
    return json.dumps(
        {
            "scope": "powerbank",
            "name": host.letter,
            "restapi": {"listen": f"{host.address}:8008", "connect_address": f"{host.address}:8008"},
            "etcd3": {"hosts": [f"{each.address}:2379" for each in NAMES]},
            "bootstrap": {
                "dcs": {
                    "ttl": 20,
                    "loop_wait": 3,
                    "retry_timeout": 8,  # an election of etcd is waited for; `ttl` allows twice this and `loop_wait`
                    "maximum_lag_on_failover": 1_048_576,
                    "synchronous_mode": True,
                    "primary_start_timeout": 0,
                    "master_start_timeout": 0,
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {
                            "max_connections": 150,
                            "shared_buffers": "128MB",
                            "wal_log_hints": "on",
                            "synchronous_commit": "on",
                            # A commit waits for the host that confirms it for as long as that one counts as connected.
                            "wal_sender_timeout": "5s",
                            "wal_receiver_timeout": "5s",
                        },
                    },
                },
                "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"}, "data-checksums"],
                "pg_hba": [
                    "local all all peer",
                    f"host all all {NETWORK}.0/24 scram-sha-256",
                    "host all all 127.0.0.1/32 scram-sha-256",
                    f"host replication replica {NETWORK}.0/24 scram-sha-256",
                ],
            },
            "postgresql": {
                "listen": f"{host.address}:5432",
                "connect_address": f"{host.address}:5432",
                "data_dir": "/var/lib/postgresql/drill",
                "bin_dir": "/usr/lib/postgresql/15/bin",
                "pgpass": "/tmp/pgpass",  # noqa: S108 (in the host's own root)
                "authentication": {
                    "superuser": {"username": "postgres", "password": PASSWORDS["superuser"]},
                    "replication": {"username": "replica", "password": PASSWORDS["replica"]},
                    "rewind": {"username": "postgres", "password": PASSWORDS["superuser"]},
                },
                "parameters": {"unix_socket_directories": "/var/run/postgresql"},
            },
        },
        indent=1,
    )


PGBOUNCER = """[databases]
powerbank = host=127.0.0.1 port=5000 dbname=powerbank

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = 6432
unix_socket_dir =
auth_type = scram-sha-256
auth_file = /etc/pgbouncer/userlist.txt
pool_mode = transaction
max_client_conn = 500
default_pool_size = 30
server_login_retry = 1
server_connect_timeout = 3
query_wait_timeout = 15
"""
USERS = f'"powerbank" "{PASSWORDS["app"]}"\n"powerbank_owner" "{PASSWORDS["owner"]}"\n'

HAPROXY = """global
    maxconn 4000
defaults
    mode tcp
    timeout connect 2s
    timeout check 2s
    timeout client 1h
    timeout server 1h
    default-server inter 1s fall 2 rise 1
"""


def haproxy() -> str:
    """Lead a host's programs to the primary of PostgreSQL, and to the vendors, who are outside."""
    servers = "".join(f"    server {each.letter} {each.address}:5432 check port 8008\n" for each in NAMES)
    vendors = "".join(
        f"listen vendors-{port}\n    bind 127.0.0.1:{port}\n    server outside {OUTSIDE}:{port}\n"
        for port in (SANDBOX, SANDBOX + 1)
    )
    return (
        f"{HAPROXY}listen primary\n    bind 127.0.0.1:5000\n    option httpchk GET /primary\n"
        f"    http-check expect status 200\n    default-server on-marked-down shutdown-sessions\n{servers}{vendors}"
    )


def load_balancer() -> str:
    """What stands before the hosts. It alone says which broker is the active one, to stations and to programs."""
    # A host that does not reach the database is left out, and a change of the primary is waited for.
    webs = "".join(f"    server {each.letter} {each.address}:8000 check inter 1s fall 10 rise 1\n" for each in NAMES)
    parts = [
        f"{HAPROXY}listen web\n    bind {OUTSIDE}:{WEB}\n    bind 127.0.0.1:{WEB}\n    mode http\n"
        "    option httpchk GET /health/ready\n    option forwardfor\n    balance roundrobin\n    option redispatch 1\n"
        f"    retries 3\n    timeout server 75s\n    timeout client 75s\n{webs}"
    ]
    for port in (BROKER, BROKER_OF_SERVICE):
        brokers = "".join(
            f"    server {each.letter} {each.address}:{port} check on-marked-down shutdown-sessions"
            f"{' backup' if number else ' on-marked-up shutdown-backup-sessions'}\n"
            for number, each in enumerate(NAMES[:2])
        )
        parts.append(f"listen broker-{port}\n    bind {OUTSIDE}:{port}\n    bind 127.0.0.1:{port}\n{brokers}")
    parts += [
        f"listen vendors-{port}\n    bind {OUTSIDE}:{port}\n    server sandbox 127.0.0.1:{port}\n"
        for port in (SANDBOX, SANDBOX + 1)
    ]
    return "".join(parts)


def redis(host: Name) -> str:
    lines = [
        f"bind {host.address} 127.0.0.1",
        "port 6379",
        "dir /var/lib/redis",
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        f"requirepass {REDIS_PASSWORD}",
        f"masterauth {REDIS_PASSWORD}",
        "repl-diskless-sync-delay 0",
    ]
    if host != NAMES[0]:
        lines.append(f"replicaof {NAMES[0].address} 6379")
    return "\n".join(lines) + "\n"


def sentinel(host: Name) -> str:
    return (
        f"bind {host.address}\nport 26379\ndir /var/lib/redis\n"
        f"sentinel monitor powerbank {NAMES[0].address} 6379 2\n"
        f"sentinel auth-pass powerbank {REDIS_PASSWORD}\n"
        "sentinel down-after-milliseconds powerbank 5000\n"
        "sentinel failover-timeout powerbank 10000\nsentinel parallel-syncs powerbank 1\n"
    )


def mosquitto(host: Name) -> str:
    return (
        "per_listener_settings false\nallow_anonymous false\n"
        "password_file /etc/mosquitto/powerbank/mosquitto.passwords\n"
        "acl_file /etc/mosquitto/powerbank/mosquitto.rules\n"
        f"listener {BROKER} {host.address}\nuse_username_as_clientid true\n"
        f"listener {BROKER_OF_SERVICE} {host.address}\n"
        "persistence true\npersistence_location /var/lib/mosquitto/\nautosave_interval 5\n"
        "max_queued_messages 100000\nmax_inflight_messages 2000\nmessage_size_limit 65536\n"
    )


def settings(host: Name) -> dict[str, str]:
    sentinels = ",".join(f"{each.address}:26379" for each in NAMES)
    redis_url = f"redis+sentinel://:{REDIS_PASSWORD}@{sentinels}/powerbank"
    return {
        "POWERBANK_ENV": "development",  # the sandbox plays the vendors
        "PUBLIC_URL": f"http://{OUTSIDE}",
        "TRUSTED_PROXIES": "1",
        "HOST": host.address,
        "PORT": "8000",
        "WEB_PROCESSES": "1",
        "DATABASE_URL": f"postgresql://powerbank:{PASSWORDS['app']}@127.0.0.1:6432/powerbank",
        "DATABASE_OWNER_URL": f"postgresql://powerbank_owner:{PASSWORDS['owner']}@127.0.0.1:5000/powerbank",
        "DATABASE_STATEMENT_TIMEOUT_MS": "0",  # PgBouncer passes no options on
        "REDIS_URL": f"{redis_url}/0",
        "REDIS_CACHE_URL": f"{redis_url}/1",
        "MQTT_URL": f"mqtt://{BROKER_ACCOUNT[0]}:{BROKER_ACCOUNT[1]}@{OUTSIDE}:{BROKER_OF_SERVICE}",
        "DOCUMENTS_DIR": "/var/lib/powerbank/documents",
        "MONITOR_TOKEN": MONITOR_TOKEN,
        "ADMIN_EMAIL": ADMIN[0],
        "ADMIN_PASSWORD": ADMIN[1],
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        **played_by_sandbox(f"http://127.0.0.1:{SANDBOX}", SANDBOX + 1),
    }


def programs(host: Name) -> dict[str, dict[str, object]]:
    """By name: the command, and whose process it is. `after` is a file that must be there first."""
    accounts = "/etc/mosquitto/powerbank/mosquitto.passwords"
    servers: dict[str, dict[str, object]] = {
        "etcd": {"command": f"/usr/bin/etcd {etcd(host)}", "user": "etcd"},
        "patroni": {"command": "/usr/bin/patroni /etc/patroni/config.yml", "user": "postgres"},
        "haproxy": {"command": "/usr/sbin/haproxy -db -f /etc/haproxy/haproxy.cfg", "user": "root"},
        "pgbouncer": {"command": "/usr/sbin/pgbouncer -q /etc/pgbouncer/pgbouncer.ini", "user": "postgres"},
        "redis": {"command": "/usr/bin/redis-server /etc/redis/drill.conf", "user": "redis"},
        "sentinel": {"command": "/usr/bin/redis-sentinel /var/lib/redis/sentinel.conf", "user": "redis"},
    }
    if host in NAMES[:2]:
        broker = "/usr/sbin/mosquitto -c /etc/mosquitto/drill.conf"
        servers["mosquitto"] = {"command": broker, "user": "mosquitto", "after": accounts}
    return servers


def programs_of_ours(host: Name) -> dict[str, dict[str, object]]:
    """On a host that is small there is one worker for all queues."""
    current = "/opt/powerbank/current"
    commands = {each: f"{current}/scripts/program {each}" for each in ("web", "scheduler", "mqtt", "live")}
    commands["worker"] = f"{current}/.venv/bin/python scripts/worker.py all"
    if host in NAMES[:2]:
        files = "stations broker-files --mosquitto /etc/mosquitto/powerbank --watch"
        commands["broker-files"] = f"{current}/.venv/bin/flask --app wsgi {files}"
    return {
        name: {"command": command, "user": "powerbank", "folder": current, "settings": True}
        for name, command in commands.items()
    }
