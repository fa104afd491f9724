"""`python -m contracts`: writes and checks the public form of the contract."""

from pathlib import Path
from typing import Annotated

import typer

from contracts.catalogue import events
from contracts.publishing import examples as recorded
from contracts.publishing import files
from contracts.publishing.compatibility import breaks

app = typer.Typer(no_args_is_help=True, help=__doc__, add_completion=False)


@app.command()
def generate() -> None:
    """Write a JSON Schema per type, and the AsyncAPI document."""
    typer.echo(f"{files.generate()} files written")


@app.command()
def check(
    against: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Schemas of one more version, `<type>.json` each.")
    ] = None,
) -> None:
    """Fail if a generated file is not up to date, or a change breaks a released version."""
    problems = [f"{outdated}; run `python -m contracts generate`" for outdated in files.outdated()]
    versions = files.releases()
    if against:
        versions[str(against)] = files.read_schemas(against)
    current = files.current_schemas()
    for version, released in versions.items():
        problems += [f"breaks {version}: {change}" for change in breaks(released, current)]
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo(f"{len(current)} types, compatible with {len(versions)} released versions")


@app.command()
def release(version: str) -> None:
    """Keep today's schemas as those of a released version: they do not change any more."""
    if outdated := files.outdated():
        typer.echo("\n".join(outdated), err=True)
        raise typer.Exit(1)
    typer.echo(f"{files.release(version)} schemas kept as {version}")


@app.command()
def examples(
    record: Annotated[
        Path, typer.Option("--from", exists=True, dir_okay=False, help="A subscriber's record, JSON lines.")
    ],
) -> None:
    """Keep the first example of each type from the record of a real run; those that are still right stay."""
    with record.open() as lines:
        written = files.keep_examples(recorded.pick(lines))
    missing = sorted(events.keys() - files.read_examples().keys())
    typer.echo(f"{len(written)} examples written, {len(missing)} types without one")
    for name in missing:
        typer.echo(f"  {name}")


if __name__ == "__main__":
    app()
