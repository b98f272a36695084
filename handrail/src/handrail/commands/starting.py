"""Starting: everything in one process, or one service; and what has to be there before."""

from typing import Annotated

import typer

from handrail.commands.usage import DATA, Data, from_the_environment, group, known, told
from handrail.console import err, out
from runtime.roles import SERVICES

app = group()
topics = group("The Kafka topics.")
app.add_typer(topics, name="topics")


@app.command()
def run(
    data: Data = DATA, port: int = 8080, host: str = "127.0.0.1",
    sample: Annotated[bool, typer.Option("--sample/--empty", help="Make the sample district on first start.")] = True,
) -> None:  # fmt: skip
    """Start everything in one process, PostgreSQL inside; ctrl-C stops it cleanly."""
    from handrail import embedded
    from handrail.first_start import welcome

    with told():
        embedded.run(data, host=host, port=port, ready=lambda where: welcome(where, sample), say=out)


@app.command()
def serve(service: Annotated[str, typer.Argument(help=" | ".join(SERVICES))]) -> None:
    """One service in this process, from the environment (HANDRAIL_DATABASE_URL, ...)."""
    from handrail.operation import serve_one

    known(service)
    with from_the_environment():
        serve_one(service)


@app.command()
def migrate(service: Annotated[str, typer.Argument(help=f"{' | '.join(SERVICES)} | keyring")]) -> None:
    """Roles, schemas and migrations of one service or of the keyring. Safe to repeat."""
    from handrail.operation import migrate_one

    known(service, "keyring")
    with from_the_environment():
        out(migrate_one(service))


@topics.command("apply")
def topics_apply(partitions: int = 12, replication: int = 1) -> None:
    """Create the topics that are missing."""
    from handrail.operation import apply_all_topics

    with told():
        made = apply_all_topics(partitions, replication)
        out("made " + ", ".join(made) if made else "all topics stand already")


@topics.command("resize")
def topics_resize(service: str, partitions: int, replication: int = 1) -> None:
    """Make a topic anew with another number of partitions and refill it from the store."""
    from handrail.operation import resize_one_topic
    from runtime.transport.topics import TopicRefused

    known(service)
    with from_the_environment():
        try:
            resize_one_topic(service, partitions, replication)
        except TopicRefused as error:
            err(str(error))
            raise typer.Exit(1) from error
        out(f"{service}: {partitions} partitions; its publisher refills it now")
