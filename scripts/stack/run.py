"""What `scripts/run` does once the packages are there."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn
from urllib.parse import urlsplit

import config
from scripts.sandbox.accounts import Accounts
from scripts.sandbox.environment import settings as played_by_sandbox
from scripts.sandbox.vendors.fcm.accounts import write_service_account
from scripts.stack import environment_file, options, processes, secrets_file
from scripts.stack.errors import StackError
from scripts.stack.ports import Ports
from scripts.stack.records import end_recorded
from scripts.stack.servers.guard import Guard
from scripts.stack.stack import Stack

ADMIN_EMAIL = "admin@example.com"
FCM_ACCOUNT = "fcm-service-account.json"


def main() -> int:
    _raise_on_sigterm()
    try:
        asked = options.parse(sys.argv[1:])
        stack = Stack(asked.data, Ports.from_base(asked.port_base))
        stack.take()
        try:
            _run(stack, asked)
        finally:
            _ignore_further_signals()
            end_recorded_processes(stack)
            stack.stop()
        print("Stopped.", flush=True)
    except StackError as problem:
        print(problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", flush=True)
    return 0


def _run(stack: Stack, asked: options.Options) -> None:
    # All that can be refused is refused before anything is wiped or started.
    commands = processes.read(_procfiles(asked), asked.scale)
    pages = ["web", "live", "sandbox", "mail", *([] if asked.bare else ["simulator"])]
    stack.ports.check_free([*pages, *(server.name for server in stack.servers if server.name != "postgres")])
    _check_settings(child_environment(stack))
    if asked.fresh:
        stack.wipe()
        print(f"Wiped {stack.data_dir}.", flush=True)
    print(f"Starting {', '.join(server.title for server in stack.servers) or 'no servers'}.", flush=True)
    stack.start()
    environment = child_environment(stack)
    # Made anew each time: it names the sandbox's address, which may have changed.
    write_service_account(stack.data_dir / FCM_ACCOUNT, environment["SANDBOX_URL"], Accounts().fcm_project)
    environment_file.write(stack.data_dir, stack_settings(environment))
    _set_up(stack, environment, seed=not asked.bare)
    print(f"Starting {len(commands)} processes.", flush=True)
    announcer = _announce(stack, environment, stations=not asked.bare)
    try:
        with Guard(stack.servers):
            processes.run(commands, environment, stack.data_dir / "pids")
    finally:
        announcer.terminate()
        announcer.wait()


def _check_settings(environment: dict[str, str]) -> None:
    try:
        config.load(environment)
    except config.ConfigurationError as refused:
        raise StackError(str(refused)) from None
    for name, connect in (("REDIS_URL", _ask_redis), ("REDIS_CACHE_URL", _ask_redis), ("MQTT_URL", _ask_broker)):
        if url := os.environ.get(name):
            try:
                connect(url)
            except (OSError, ValueError) as away:  # a port may be no number
                raise StackError(f"{name} leads to nobody who answers: {away}") from None


def _ask_redis(url: str) -> None:
    from redis.exceptions import RedisError  # most starts have a Redis of their own and need none of this

    from powerbank.base.redis_clients import connect

    try:
        with connect(url, socket_timeout=2.0, retry=None) as redis:
            redis.ping()
    except RedisError as refused:
        raise OSError(str(refused)) from None


def _ask_broker(url: str) -> None:
    address = urlsplit(url)
    port = address.port or (8883 if address.scheme == "mqtts" else 1883)
    socket.create_connection((address.hostname or "127.0.0.1", port), timeout=2).close()


def stack_settings(environment: dict[str, str]) -> dict[str, str]:
    """Return the settings that say how Powerbank is set up, of all that the processes are given."""
    names = {name.upper() for name in config.Settings.model_fields}
    return {name: value for name, value in environment.items() if name in names}


def _procfiles(asked: options.Options) -> list[Path]:
    """What production runs, then what only development has: the sandbox, and stations to play with."""
    extra = ["Procfile.sandbox"] if asked.bare else ["Procfile.sandbox", "Procfile.demo"]
    paths = [options.ROOT / "scripts" / name for name in extra]
    return [asked.procfile, *(path for path in paths if path.exists())]


def child_environment(stack: Stack) -> dict[str, str]:
    """A setting of the caller's own wins, but for where the servers are."""
    web = f"http://127.0.0.1:{stack.ports.web}"
    defaults = {
        "POWERBANK_ENV": "development",
        "PUBLIC_URL": web,
        "LIVE_URL": f"http://127.0.0.1:{stack.ports.live}",
        "SANDBOX_URL": f"http://127.0.0.1:{stack.ports.sandbox}",
        "ADMIN_EMAIL": ADMIN_EMAIL,
        # The sandbox plays the vendors; it takes mail on the port after its own.
        **played_by_sandbox(f"http://127.0.0.1:{stack.ports.sandbox}", stack.ports.sandbox + 1),
        "FCM_CREDENTIALS": str(stack.data_dir / FCM_ACCOUNT),
        "DOCUMENTS_DIR": str(stack.data_dir / "documents"),
        **{name: value for name, value in stack.secrets.items() if name != "BROKER_PASSWORD"},
    }
    fixed = {
        "PORT": str(stack.ports.web),
        "LIVE_PORT": str(stack.ports.live),
        "SANDBOX_PORT": str(stack.ports.sandbox),
        "SIMULATOR_PORT": str(stack.ports.simulator),
        "STATIONS_MQTT_URL": stack.broker.stations_url if stack.broker else os.environ.get("MQTT_URL", ""),
        "POWERBANK_DATA": str(stack.data_dir),
        "TZ": "UTC",
        "PYTHONUNBUFFERED": "1",
        # Procfile lines name gunicorn and rq as they would in production.
        "PATH": f"{options.python_folder()}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    own = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
    return {**defaults, **own, **fixed, **stack.environment()}


def _set_up(stack: Stack, environment: dict[str, str], *, seed: bool) -> None:
    print(f"Setting up the database{' and the demo network' if seed else ''}.", flush=True)
    command = [sys.executable, "-m", "scripts.stack.set_up", "--email", environment["ADMIN_EMAIL"]]
    if "ADMIN_PASSWORD" in os.environ:
        command.append("--set-password")
    if seed:
        command.append("--seed")
    log = stack.data_dir / "logs" / "setup.log"
    with log.open("ab") as output:
        began_at = output.tell()
        code = subprocess.call(
            command, env=environment, cwd=options.ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    if code != 0:
        said = log.read_bytes()[began_at:].decode(errors="replace").strip()
        failed = said[said.rfind("\nflask ") + 1 :].splitlines()  # not what the commands before it said
        shown = "\n".join(failed if len(failed) < 15 else [failed[0], *failed[-14:]])
        raise StackError(f"The database could not be set up; the whole of it is in {log}.", shown)
    if "another password" in log.read_bytes()[began_at:].decode(errors="replace"):
        environment["ADMIN_PASSWORD"] = ""  # the account is older than this data folder


def _announce(stack: Stack, environment: dict[str, str], *, stations: bool) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "scripts.stack.ready"]
    command += ["--url", f"http://127.0.0.1:{stack.ports.web}", "--data", str(stack.data_dir)]
    if (options.ROOT / "scripts/Procfile.sandbox").exists():
        command += ["--sandbox-url", environment["SANDBOX_URL"]]
    if stations:
        command += ["--stations-url", f"http://127.0.0.1:{stack.ports.simulator}"]
    if not secrets_file.shown_in(stack.data_dir).exists():
        command.append("--show-password")
    # Out of reach of the terminal's Ctrl-C: it is told by us.
    return subprocess.Popen(command, env=environment, cwd=options.ROOT, start_new_session=True)


def end_recorded_processes(stack: Stack) -> None:
    """What honcho left, were it killed or stopped at a bad moment. The servers are stopped after these."""
    end_recorded(stack.data_dir / "pids", but_not=[server.name for server in stack.servers])


def _raise_on_sigterm() -> None:
    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def _ignore_further_signals() -> None:
    """A second Ctrl-C must not cut short PostgreSQL's orderly stop."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
