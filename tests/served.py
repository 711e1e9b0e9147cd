"""mailguard as a program for shells, hooks and build servers, without a start for each call.

A server imports all of mailguard once; for each call it makes a copy of itself (``fork``) with the caller's folder, environment
and streams, and that copy runs ``main``. So each call is a process of its own; only what an import does is done once. Starting as
such is held by ``tests/cli/test_process.py`` and ``tests/changes/test_surroundings.py``, with processes of their own.

    served.py serve SOCKET             the server
    served.py call SOCKET ARGUMENT...  the program
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys

LOST = 70
"""How a call ends that got no answer."""


def serve(path: str) -> None:
    """Answer calls until the process is ended. Prints a line as soon as it listens."""
    sys.path.pop(0)  # the folder of this script
    import importlib
    import pkgutil

    import mailguard

    for module in pkgutil.walk_packages(mailguard.__path__, "mailguard."):
        importlib.import_module(module.name)
    door = socket.socket(socket.AF_UNIX)
    door.bind(path)
    door.listen()
    os.write(1, b"ready\n")
    while True:
        caller, _ = door.accept()
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:  # those that are done
                pass
        if os.fork() == 0:
            door.close()
            _answer(caller)
        caller.close()


def _answer(caller: socket.socket) -> None:
    """Be the program that ``caller`` wants; does not return."""
    code = LOST
    try:
        head, streams, *_ = socket.recv_fds(caller, 4, 3)
        size, text = int.from_bytes(head, "big"), b""
        while len(text) < size:
            text += caller.recv(size - len(text))
        asked = json.loads(text)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(asked["folder"])
        os.environ.clear()
        os.environ.update(asked["environment"])
        sys.argv = ["mailguard", *asked["arguments"]]
        sys.stdin = open(0, encoding=sys.stdin.encoding, closefd=False)  # noqa: SIM115  # a stream of its own, not a file
        sys.stdout = open(1, "w", encoding=sys.stdout.encoding, closefd=False)  # noqa: SIM115  # the same
        sys.stderr = open(2, "w", encoding=sys.stderr.encoding, errors="backslashreplace", closefd=False)  # noqa: SIM115  # the same
        from mailguard.__main__ import main

        try:
            code = main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001  # as an interpreter ends on whatever nobody caught
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        code = 1
    finally:
        caller.sendall(bytes([code & 255]))
        os._exit(code & 255)


def call(path: str, arguments: list[str]) -> int:
    """Run the program by the server: its exit code."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(path)
    asked = {"arguments": arguments, "folder": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109  # no pathlib: this starts often
    text = json.dumps(asked).encode()
    socket.send_fds(server, [len(text).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(text)
    code = server.recv(1)
    return code[0] if code else LOST


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    sys.exit(call(sys.argv[2], sys.argv[3:]))
