"""Servers in processes of their own, and a client that costs next to nothing: sixteen connections kept open."""

import asyncio
import multiprocessing
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from bench.ground import CONNECTIONS, peak_mebibytes, run

HOST = "127.0.0.1"
START_SECONDS = 60


@asynccontextmanager
async def served(make_app: Callable[..., Any], *arguments: Any, workers: int = 1) -> AsyncIterator[int]:
    """``make_app(*arguments)`` answering on one port by ``workers`` processes; the port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    spawn = multiprocessing.get_context("spawn")
    processes = [
        spawn.Process(target=_serve, args=(port, make_app, arguments), daemon=True) for _ in range(workers)
    ]
    for process in processes:
        process.start()
    try:
        await _until_answering(port)
        yield port
    finally:
        for process in processes:
            if process.pid is not None:
                os.kill(process.pid, signal.SIGTERM)
        for process in processes:
            await asyncio.to_thread(process.join, 20)


def _serve(port: int, make_app: Callable[..., Any], arguments: Sequence[Any]) -> None:
    """Workers share the port: the kernel shares out the connections."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listening.bind((HOST, port))
    run(_server(listening, make_app, arguments))


async def _server(listening: socket.socket, make_app: Callable[..., Any], arguments: Sequence[Any]) -> None:
    config = uvicorn.Config(make_app(*arguments), log_config=None, access_log=False, lifespan="on")
    await uvicorn.Server(config).serve([listening])


async def _until_answering(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            _, writer = await asyncio.open_connection(HOST, port)
            writer.close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    head = {"host": HOST, "content-type": "application/json", "content-length": str(len(body)), **headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def post_all(port: int, requests: Iterator[bytes], most: int = CONNECTIONS) -> int:
    """Send every request, each connection the next one as soon as it has its answer; all must be 2xx."""
    return sum(await asyncio.gather(*(_one_connection(port, requests) for _ in range(most))))


async def _one_connection(port: int, requests: Iterator[bytes]) -> int:
    reader, writer = await asyncio.open_connection(HOST, port)
    done = 0
    try:
        for sent in requests:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            if not lines[0].split(b" ")[1].startswith(b"2"):
                raise RuntimeError(f"refused: {lines[0]!r} {await reader.read(2000)!r}")
            length = next(line for line in lines if line.lower().startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            done += 1
    finally:
        writer.close()
    return done


__all__ = ["peak_mebibytes", "post_all", "request", "served"]
