"""Checks the files of `deploy/` with the programs that will read them. A program that is not on this machine is named,
and its check is left out."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
MOST_EXPOSED = 20  # of 100, as systemd-analyze counts what a service could do if it were taken over
TOOLS_OF_ROOT = "/usr/sbin:/sbin"


class BadConfigurationError(Exception):
    """What the program says about its file."""


@dataclass(frozen=True)
class Check:
    name: str
    program: str
    run: Callable[[str, Path], None]  # the program's path, and a folder for what it needs

    def find_program(self) -> str | None:
        return shutil.which(self.program) or shutil.which(self.program, path=TOOLS_OF_ROOT)


def _ask(*command: str | Path, environment: dict[str, str] | None = None, cwd: Path = ROOT) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=cwd)
    said = f"{done.stdout}{done.stderr}".strip()
    if done.returncode:
        raise BadConfigurationError(said or f"exit code {done.returncode}")
    return said


def copy_units(folder: Path, code: Path = ROOT) -> list[Path]:
    """Copy the units as if the code lay where it lies now, so that their commands are found."""
    shutil.copytree(DEPLOY / "systemd", folder, dirs_exist_ok=True)
    for unit in folder.glob("*.service"):
        unit.write_text(unit.read_text().replace("/opt/powerbank/current", str(code)))
    return sorted(each for each in folder.iterdir() if each.is_file())


def verify_units(program: str, folder: Path) -> None:
    units = [each.with_name(each.name.replace("@.", "@scheduler.")) for each in copy_units(folder)] + [
        folder / "powerbank@web-a.service",
        folder / "powerbank@web-b.service",
    ]
    said = _ask(
        program, "verify", "--man=no", "--recursive-errors=no", *units, environment={"SYSTEMD_UNIT_PATH": f"{folder}:"}
    )
    if said:
        raise BadConfigurationError(said)


def judge_units(program: str, folder: Path) -> None:
    for unit in copy_units(folder):
        if unit.suffix == ".service" and unit.name != "powerbank-broker-reload.service":  # only root may reload
            _ask(program, "security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", unit)


def test_nginx(program: str, folder: Path) -> None:
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    _ask(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=example.com"),
        *("-keyout", key, "-out", certificate),
    )
    site = (DEPLOY / "nginx/powerbank.conf").read_text()
    site = site.replace("/etc/ssl/powerbank", str(folder)).replace("/var/log/nginx", str(folder))
    (folder / "site.conf").write_text(site)
    whole = folder / "nginx.conf"
    whole.write_text(
        f"pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; include {folder}/site.conf; }}\n"
    )
    said = _ask(program, "-t", "-c", whole, "-e", folder / "error.log")
    if "[warn]" in said:
        raise BadConfigurationError(said)


def validate_caddyfile(program: str, folder: Path) -> None:
    environment = {"POWERBANK_HOST": "example.com", "HOME": str(folder)}
    caddyfile = DEPLOY / "caddy/Caddyfile"
    _ask(program, "validate", "--config", caddyfile, "--adapter", "caddyfile", environment=environment)
    if said := _ask(program, "fmt", "--diff", caddyfile, environment=environment):
        changed = [line for line in said.splitlines() if line[:1] in "+-"]
        if changed:
            raise BadConfigurationError("\n".join(changed))


def check_alerts(program: str, folder: Path) -> None:
    monitoring = DEPLOY / "monitoring"
    _ask(program, "check", "config", "prometheus.yml", cwd=monitoring)
    _ask(program, "test", "rules", *sorted(monitoring.glob("*.tests.yml")), cwd=monitoring)


def check_shell(program: str, folder: Path) -> None:
    for script in (
        DEPLOY / "install",
        ROOT / "scripts/program",
        ROOT / "scripts/make-secrets",
        ROOT / "scripts/manage",
    ):
        _ask(program, "-n", script)


CHECKS = (
    Check("systemd units", "systemd-analyze", verify_units),
    Check("what units may do", "systemd-analyze", judge_units),
    Check("nginx", "nginx", test_nginx),
    Check("Caddy", "caddy", validate_caddyfile),
    Check("alerts", "promtool", check_alerts),
    Check("shell scripts", "sh", check_shell),
)


def main() -> int:
    bad = 0
    for check in CHECKS:
        program = check.find_program()
        mark, words = "ok ", ""
        if program is None:
            mark, words = "-- ", f"{check.program} is not on this machine"
        else:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    check.run(program, Path(folder))
                except BadConfigurationError as wrong:
                    bad += 1
                    mark, words = "BAD", str(wrong)
        print(f"{mark}  {check.name:<20} {words}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
