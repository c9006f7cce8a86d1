"""The Debian that all hosts are made of: its packages and this code, installed once and never written to again."""

import shutil
from pathlib import Path
from typing import IO

from scripts.drills.one_server.machine import DrillError, Machine, lay_over, make_base
from scripts.drills.one_server.releases import NEW, put_new_sources

PACKAGES = ("patroni", "etcd-server", "pgbouncer", "haproxy", "redis-sentinel", "postgresql-15", "iproute2")
INSTALL = ("apt-get", "install", "-qy", "--no-install-recommends")


def make_image(folder: Path, log: IO[str]) -> Path:
    """Copy the bare Debian of the drill of one server, and put the packages into it. This code is put in each time."""
    image = lay_over(make_base(folder, log), folder / "hosts-image", keep=True)
    if not (image / "hosts-complete").exists():
        # Patroni makes the data of PostgreSQL.
        (image / "etc/postgresql-common").mkdir(parents=True, exist_ok=True)
        (image / "etc/postgresql-common/createcluster.conf").write_text("create_main_cluster = false\n")
        put_new_sources(image)
        machine = Machine(image, log)
        machine.prepare("/root/new/deploy/install", "packages", "release")
        machine.prepare("env", "DEBIAN_FRONTEND=noninteractive", *INSTALL, *PACKAGES)
        (image / "hosts-complete").touch()
    else:
        _refresh(image)
    return image


def _refresh(image: Path) -> None:
    """Put this code over the one that was installed. Its packages are the same, or the image is made anew."""
    put_new_sources(image)
    new, release = image / "root/new", image / "opt/powerbank/releases" / NEW
    if (new / "requirements.txt").read_bytes() != (release / "requirements.txt").read_bytes():
        raise DrillError(f"This code needs other packages than those in {image}: remove that folder.")
    shutil.copytree(new, release, dirs_exist_ok=True, symlinks=True)
