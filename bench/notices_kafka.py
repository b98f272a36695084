"""From an amendment that is accepted to its notice on record, in milliseconds, on Apache Kafka: see `bench.notices`."""

from contextlib import ExitStack
from functools import partial

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Sink

from bench import hops
from bench.ground import Ground
from bench.measure import Row
from bench.notices import measured
from runtime.testing import free_port
from tests.running import Instance, four_processes


async def bench(ground: Ground) -> list[Row]:
    """Each service a process of its own (`handrail serve`), mail to a server that takes everything."""
    start = partial(_four_processes, await ground.kafka())
    return await measured(ground, "Kafka, four processes", start, hops.by_kafka(ground))


def _four_processes(servers: str, stack: ExitStack) -> Instance:
    mail = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    mail.start()
    stack.callback(mail.stop)
    return stack.enter_context(four_processes(servers, mail.port))
