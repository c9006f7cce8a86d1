"""The stack as one: its environment, its lock, what a killed start leaves, its ports."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from dataclasses import astuple
from pathlib import Path

import psycopg2
import pytest

from scripts.stack.errors import StackError
from scripts.stack.ports import Ports, free_ports
from scripts.stack.stack import Stack

pytestmark = pytest.mark.faults

HOLD = """
    import sys, time
    from pathlib import Path
    from scripts.stack.ports import Ports
    from scripts.stack.stack import Stack
    ports = Ports(*map(int, sys.argv[2:]))
    with Stack(Path(sys.argv[1]), ports, replaced_by={}):
        print("up", flush=True)
        time.sleep(60)
"""


def hold(data_dir: Path, ports: Ports) -> "subprocess.Popen[str]":
    """Let another process hold a stack."""
    numbers = [str(number) for number in astuple(ports)]
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLD), str(data_dir), *numbers],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "up\n"
    holder.stdout.close()
    return holder


def test_a_second_start_is_refused_and_a_killed_one_cleaned_up(data_dir: Path) -> None:
    ports = free_ports()
    holder = hold(data_dir, ports)
    second = Stack(data_dir, ports, replaced_by={})
    try:
        with pytest.raises(StackError, match=rf"runs already on {data_dir} \(pid {holder.pid}\)"):
            second.take()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with second:
        environment = second.environment()
        psycopg2.connect(environment["DATABASE_URL"]).close()
        assert all(server.running for server in second.servers)
    assert not list((data_dir / "pids").glob("*.pid"))


def test_urls_of_the_environment_replace_servers(data_dir: Path) -> None:
    given = {
        "DATABASE_URL": "postgresql://db/powerbank",
        "REDIS_URL": "redis://r:1/0",
        "MQTT_URL": "mqtt://m:1",
    }
    with Stack(data_dir, free_ports(), replaced_by=given) as stack:
        assert stack.servers == []
        assert stack.environment() == given


def test_wiping_keeps_what_is_not_ours(data_dir: Path) -> None:
    stack = Stack(data_dir, free_ports(), replaced_by={})
    stack.take()
    (data_dir / "thesis.txt").write_text("years of work")
    (data_dir / "documents").mkdir()
    (data_dir / "documents/1").write_text("somebody's passport")
    before = stack.secrets["SECRET_KEY"]
    secrets = data_dir / "secrets.env"
    assert secrets.stat().st_mode & 0o777 == 0o600
    assert before in secrets.read_text()
    stack.wipe()
    stack.stop()
    assert stack.secrets["SECRET_KEY"] != before
    assert (data_dir / "thesis.txt").exists()
    assert not (data_dir / "documents").exists()


def test_a_folder_of_somebody_else_is_refused_and_left_alone(data_dir: Path) -> None:
    (data_dir / "redis").mkdir()
    (data_dir / "redis/dump.rdb").write_text("years of work")
    with pytest.raises(StackError, match="not Powerbank's"):
        Stack(data_dir, free_ports(), replaced_by={}).take()
    assert [path.name for path in data_dir.iterdir()] == ["redis"]
    assert (data_dir / "redis/dump.rdb").exists()


def test_a_folder_that_cannot_be_made_is_one_sentence() -> None:
    with pytest.raises(StackError, match="cannot be used as data folder"):
        Stack(Path("/proc/powerbank"), free_ports(), replaced_by={}).take()


def test_a_taken_port_is_one_sentence() -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports.redis)), pytest.raises(StackError) as refused:
        ports.check_free(["web", "redis"])
    assert str(refused.value) == (
        f"Port {ports.redis} for Redis is taken; stop what uses it or choose others with --port-base."
    )


def test_ports_are_counted_from_the_base() -> None:
    assert Ports.from_base(9000) == Ports(
        web=9000, sandbox=9025, mail=9026, simulator=9027, live=9028, redis=9079, broker=9083
    )
    with pytest.raises(StackError, match="--port-base must be between 1 and 65452, not 70000"):
        Ports.from_base(70000)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--wat"], "Unrecognized arguments: --wat; see"),
        (["--scale", "web"], "--scale takes NAME=NUMBER, not web"),
        (["--port-base", "x"], "Argument --port-base: invalid int value"),
    ],
)
def test_a_wrong_option_is_one_sentence(words: list[str], sentence: str) -> None:
    run = [sys.executable, "-m", "scripts.stack.run", *words]
    finished = subprocess.run(run, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert finished.returncode == 1
    assert finished.stderr.startswith(sentence)
    assert finished.stderr.count("\n") == 1
