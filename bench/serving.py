"""Servers in processes of their own, and a client that costs next to nothing: sixteen connections kept open."""

import asyncio
import json
import multiprocessing
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from bench.measure import CONNECTIONS
from bench.processes import cpu_seconds_of, peak_of
from runtime.logging import configure_logging
from runtime.testing import free_port

HOST = "127.0.0.1"
START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Server:
    """One or more workers that answer alike, each on a port of its own."""

    ports: Sequence[int]
    pids: Sequence[int]

    @property
    def peak_mebibytes(self) -> int:
        """The most memory its processes have had, added up."""
        return sum(peak_of(pid) for pid in self.pids)

    @property
    def cpu_seconds(self) -> float:
        """What its processes have used of the processors so far."""
        return sum(cpu_seconds_of(pid) for pid in self.pids)


@asynccontextmanager
async def served(make_app: Callable[..., Any], *arguments: Any, workers: int = 1) -> AsyncIterator[Server]:
    """``make_app(*arguments)`` answering until the block ends."""
    ports = [free_port() for _ in range(workers)]
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=_serve, args=(port, make_app, arguments), daemon=True) for port in ports
    ]
    for process in processes:
        process.start()
    try:
        for port in ports:
            await _until_answering(port)
        yield Server(ports, [process.pid for process in processes if process.pid is not None])
    finally:
        for process in processes:
            if process.pid is not None and process.is_alive():
                os.kill(process.pid, signal.SIGTERM)
        for process in processes:
            await asyncio.to_thread(process.join, 20)


def _serve(port: int, make_app: Callable[..., Any], arguments: Sequence[Any]) -> None:
    with Path(os.devnull).open("w") as nowhere:
        configure_logging(to=nowhere)  # Each request's line is made, as in an installation.
        uvloop.run(_server(port, make_app, arguments))


async def _server(port: int, make_app: Callable[..., Any], arguments: Sequence[Any]) -> None:
    config = uvicorn.Config(
        make_app(*arguments), host=HOST, port=port, log_config=None, access_log=False, lifespan="on"
    )
    await uvicorn.Server(config).serve()


async def _until_answering(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def request(path: str, body: Any, headers: dict[str, str], *, method: str = "POST") -> bytes:
    """A request as it goes over the wire."""
    content = json.dumps(body).encode()
    head = {"host": HOST, "content-type": "application/json", "content-length": str(len(content)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + content


async def send_all(server: Server, requests: Iterator[bytes], most: int = CONNECTIONS) -> list[bytes]:
    """The bodies of all answers; each connection sends the next request as soon as it has its answer.

    The connections are shared out evenly among the workers. Every answer must be 2xx.
    """
    answers: list[bytes] = []
    ports = [server.ports[number % len(server.ports)] for number in range(most)]
    await asyncio.gather(*(_one_connection(port, requests, answers) for port in ports))
    return answers


async def _one_connection(port: int, requests: Iterator[bytes], answers: list[bytes]) -> None:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        for sent in requests:
            writer.write(sent)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            if head[9:10] != b"2":
                raise RuntimeError(f"refused: {head!r} {body!r}")
            answers.append(body)
    finally:
        writer.close()
