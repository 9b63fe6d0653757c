"""The command line: each command imports what it needs when it is called, so that asking for help is instant."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from domain.errors import ThroughlineError

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
policy = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
app.add_typer(policy, name="policy", help="Govern the policy from the shell.")


@app.callback()
def throughline() -> None:
    """One AI sales agent that books, transfers and closes on one thread."""


@app.command()
def run() -> None:
    """Start console, API and jobs, and print the address of the console."""
    from graph.running import run

    raise typer.Exit(run())


@app.command()
def migrate() -> None:
    """Bring the database to the schema of this program."""
    from graph.migration import migrate_configured

    raise typer.Exit(migrate_configured())


@app.command()
def doctor() -> None:
    """Say in plain words what is configured, reachable and missing."""
    from graph.doctor import print_report, report

    raise typer.Exit(print_report(report()))


@app.command()
def talk(
    as_number: Annotated[str, typer.Option("--as", help="Who you are: a phone number or an e-mail address.")],
    channel: Annotated[str, typer.Option(help="sms, chat or voice.")] = "chat",
) -> None:
    """Be the buyer in a terminal."""
    import asyncio

    from graph.talk import talk

    asyncio.run(talk(as_number, channel))


@app.command(add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def call(context: typer.Context) -> None:
    """Call the agent in a room: speak a script, and print what is heard and when."""
    from graph.demo_call import run_caller

    raise typer.Exit(run_caller(context.args))


@app.command()
def scenarios(
    paths: Annotated[list[Path], typer.Argument(help="Scenario files or folders of them.", exists=True)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    repeat: Annotated[int, typer.Option(min=1, help="Run each that many times.")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="Run this one; may be given several times.")] = None,
) -> None:
    """Run scenario files, graded on final state, writes, denials and audit trail."""
    from graph.scenarios.cli import run_scenarios

    raise typer.Exit(run_scenarios(paths, as_json, repeat, only or ()))


@policy.command()
def check(path: Annotated[Path, typer.Argument(help="A policy file.")] = Path("policy/default.yaml")) -> None:
    """Check a policy file: every mistake with its field, its value and the remedy."""
    from graph.policy_cli import check

    raise typer.Exit(check(path))


def main() -> None:
    """The console script. What went wrong in a way we know is said in one line, without a stack trace."""
    try:
        app()
    except ThroughlineError as error:
        sys.stderr.write(f"throughline: {error}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
