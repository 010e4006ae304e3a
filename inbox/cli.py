"""Every command of `python -m inbox`. Each imports what it needs only when it runs."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click


def run(arguments: list[str]) -> int:
    """The exit code; what is wrong with the settings or the call is said in one line."""
    try:
        return int(cli(arguments, prog_name="python -m inbox", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as wanted:
        wanted.show()
        return 0
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except click.Abort:
        return 130
    except Exception as problem:
        from inbox.config import ConfigError

        if not isinstance(problem, ConfigError):
            raise
        click.echo(f"Settings: {problem}", err=True)
        return 2


def connect() -> None:
    """What a command needs that looks into the database."""
    from inbox import db, files, logs
    from inbox.config import settings

    logs.setup(settings().log)
    db.connect(settings().database_url)
    files.use(settings().files_url)


def quiet() -> None:
    """What a command needs that opens its databases itself."""
    from inbox import logs
    from inbox.config import settings

    logs.setup(settings().log)


@click.group(no_args_is_help=True)
def cli() -> None:
    """Prosa: start it, look after it, and feed it mail."""


@cli.command()
@click.option("--production", is_flag=True, help="refuse to start with what doctor finds careless")
def up(production: bool) -> None:
    """Start everything and keep it running; Ctrl-C stops it."""
    if production:
        from inbox.doctor import refusals

        if found := refusals():
            for finding in found:
                click.echo(f"{finding.said}\n  → {finding.mend}", err=True)
            raise click.ClickException("not started: in production this is too careless")
    from inbox.up import start

    start()


@cli.command()
@click.option("--tickets", default=400, show_default=True, type=click.IntRange(50), help="conversations")
@click.option("--folder", metavar="FOLDER", help="where its data lies (data/demo)")
@click.option("--database", metavar="URL", help="an empty database for it (SQLite in the folder)")
@click.option("--fill-only", is_flag=True, help="make it, start nothing")
@click.option("--again", is_flag=True, help="forget the one that is there, and make it anew")
def demo(tickets: int, folder: str | None, database: str | None, fill_only: bool, again: bool) -> None:
    """Start on a made-up shop, to look around in; or make it large, to measure with."""
    from inbox import demo
    from inbox.config import settings

    demo.settle(folder, database)
    try:
        if again:
            demo.forget()
        if fill_only:
            click.echo(demo.fill(tickets))
        else:
            if not settings().data_dir.exists():
                click.echo("Making the sample shop. It takes a moment, once.")
            demo.start(tickets)
    except demo.NotEmpty as problem:
        raise click.ClickException(str(problem)) from problem


@cli.command()
@click.option("--setup-link", "also_link", is_flag=True, help="then print what setup-link prints")
def migrate(also_link: bool) -> None:
    """Bring the database up to date."""
    from inbox.migrate import upgrade

    connect()
    try:
        upgrade()
    except Exception as problem:
        why = first_line(problem)
        raise click.ClickException(f"the database could not be brought up to date: {why}") from problem
    if also_link:
        print_setup_link()


@cli.command()
@click.option("--production", is_flag=True, help="be strict, whatever the public address")
def doctor(production: bool) -> int:
    """Say what is wrong with this installation, and how to mend it."""
    from inbox.doctor import main

    return main(production)


@cli.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--with-secret", is_flag=True, help="put data/secret in as well: keep the file as a password")
def backup(path: Path, with_secret: bool) -> None:
    """Write everything into one file (or a new one in a folder), while Prosa runs."""
    from inbox.backup import Refused
    from inbox.backup.make import make

    quiet()
    try:
        written, manifest = make(path.absolute(), with_secret)
    except Refused as problem:
        raise click.ClickException(f"no backup: {problem}") from problem
    rows = sum(table.rows for table in manifest.tables.values())
    click.echo(f"{written}: {rows} rows, {manifest.files} files ({manifest.size / 1e6:.1f} MB)")
    note_backup(rows, manifest.files)
    if not with_secret:
        click.echo("The key (data/secret) is not in it: keep a copy of that apart, once and for all.")
    if manifest.missing:
        click.echo(
            f"{len(manifest.missing)} files are missing or damaged in the store: {manifest.missing[0]} …",
            err=True,
        )


def note_backup(rows: int, files: int) -> None:
    """For the audit trail; a backup is none the worse without."""
    from inbox import audit, db

    connect()
    try:
        with db.writing():
            audit.record("backup_made", None, by="cli", rows=rows, files=files)
    except Exception as problem:
        click.echo(f"The audit trail does not know of it: {first_line(problem)}", err=True)


@cli.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--new-secret", is_flag=True, help="go on although the key of the backup is lost")
def restore(path: Path, new_secret: bool) -> None:
    """Put a backup back where nothing is yet. The copy keeps still until it is released."""
    from inbox.backup import Refused
    from inbox.backup.restore import restore

    quiet()
    try:
        manifest, held = restore(path, new_secret)
    except Refused as problem:
        raise click.ClickException(f"nothing was restored: {problem}") from problem
    rows = sum(table.rows for table in manifest.tables.values())
    click.echo(
        f"Restored as of {manifest.made_at[:16]} UTC: {rows} rows, {manifest.files} files, all compared."
    )
    waited = f"{held} message{'' if held == 1 else 's'}"
    click.echo(f"{waited} had waited to be sent: Needs attention lists each for you to decide.")
    click.echo("It neither fetches nor sends until you release it there, or with `python -m inbox release`.")


@cli.command()
def release() -> None:
    """Let a restored copy fetch and send: the original is stopped for good."""
    from inbox import db, quarantine

    connect()
    with db.writing():
        held = quarantine.is_held()
        quarantine.release(None)
    click.echo("It fetches and sends again." if held else "It was not held.")


@cli.group(no_args_is_help=True)
def audit() -> None:
    """Whether what happened is still what was written down."""


@audit.command()
@click.option("--head", "kept", default="", metavar="DIGEST", help="what `audit head` printed earlier")
def verify(kept: str) -> int:
    """Compare every event with its seal. Exits 1 if one was changed, added or removed."""
    from inbox import db
    from inbox.audit import seal

    connect()
    with db.reading():
        found = seal.verify(kept)
    for wrong in found.wrong:
        click.echo(f"✗ {wrong}")
    if not found.seen_head:
        click.echo(f"✗ no seal has the digest {kept}: the chain was cut off or made anew")
    agree = "all agree" if found.is_whole else "not all agree"
    click.echo(f"{found.events} events under {found.seals} seals, {agree}; {found.open} not sealed yet.")
    click.echo(f"The head is {found.head}")
    return 0 if found.is_whole else 1


@audit.command()
def head() -> None:
    """Print the digest of the last seal, to be kept where nobody of this house can change it."""
    from inbox import db
    from inbox.audit import seal

    connect()
    with db.reading():
        last = seal.last()
    click.echo(f"{last.digest} {last.to_id} {last.made_at:%Y-%m-%dT%H:%M:%SZ}" if last else seal.START)


@cli.command()
@click.option("--to", "url", required=True, metavar="URL", help="postgresql://user:password@host/name")
def move(url: str) -> None:
    """Move everything from SQLite to PostgreSQL; interrupted, it goes on where it was."""
    from inbox.backup import Refused
    from inbox.backup.move import move
    from inbox.migrate import TooNew

    quiet()
    try:
        compared = move(url, click.echo)
    except (Refused, TooNew) as problem:
        raise click.ClickException(f"not moved: {problem}") from problem
    rows = sum(table.rows for table in compared.values())
    click.echo(f"{rows} rows in {len(compared)} tables are the same in both. Now set database.url and start.")


@cli.group(no_args_is_help=True)
def people() -> None:
    """Let somebody in who locked themselves out."""


@people.command("reset-second-factor")
@click.argument("address")
def reset_second_factor(address: str) -> None:
    """Have them sign in with the password alone, until they set up another one."""
    from sqlalchemy import select

    from inbox import db, second_factor
    from inbox.models import Agent

    connect()
    with db.writing():
        agent = db.session.scalar(select(Agent).where(Agent.email == address.strip().lower()))
        if agent is None:
            raise click.ClickException(f"nobody here has the address {address}")
        was_on = second_factor.is_on(agent)
        if was_on:
            second_factor.reset(agent, None)
    click.echo("The password alone is enough now." if was_on else "They had no second factor.")


@cli.command("setup-link")
def setup_link() -> None:
    """Print a link for setting up the first agent; nothing when there is one already."""
    connect()
    print_setup_link()


def print_setup_link() -> None:
    from inbox import db
    from inbox.settled import is_settled

    with db.reading():
        if is_settled():
            return
    from inbox.config import settings
    from inbox.setup import new_link  # and with it all that somebody is made of

    if path := new_link():
        click.echo(settings().address + path)


@cli.command()
def recount() -> None:
    """Count the tickets of every view anew."""
    from inbox import db
    from inbox.models import tally

    connect()
    with db.writing():
        wrong = tally.recount()
    click.echo(f"{wrong} counts were wrong and are right now." if wrong else "All counts were right.")


@cli.group(no_args_is_help=True)
def mail() -> None:
    """Take in mail, or look at how it is read."""


@mail.command()
@click.option("--recipient", "recipients", multiple=True, metavar="ADDRESS", help="repeat for several")
def deliver(recipients: tuple[str, ...]) -> None:
    """Take in the mail on standard input. Exits 0 once it is stored for good, and 75 on any failure."""
    from inbox.config import settings
    from inbox.intake import accept_mail

    connect()
    limit = settings().mail.max_bytes
    raw = sys.stdin.buffer.read(limit + 1)
    if not raw:
        raise click.ClickException("there is no mail on standard input")
    if len(raw) > limit:
        raise click.ClickException(f"the mail is larger than mail.max_bytes = {limit}")
    stored = accept_mail(raw, recipients)
    if not stored:
        raise click.ClickException("no mailbox took the mail")
    click.echo(f"stored as payload {', '.join(map(str, stored))}")


@mail.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--attachments", "out", type=click.Path(file_okay=False, path_type=Path), help="write them here"
)
def parse(paths: tuple[Path, ...], out: Path | None) -> None:
    """Print what is in mail files or folders of them, one JSON object a line; never stops at a bad one."""
    from inbox.mail.report import parse_paths

    print_lines(parse_paths(list(paths), out))


@mail.command()
@click.option("--jsonl", is_flag=True, required=True, help="JSON lines in, JSON lines out")
def strip(jsonl: bool) -> None:
    """Separate what is new in each text on standard input from what it quotes."""
    from inbox.mail.report import strip_jsonl

    print_lines(strip_jsonl(line.decode(errors="replace") for line in sys.stdin.buffer))


def print_lines(found: Iterable[dict[str, Any]]) -> None:
    """Half a surrogate pair, which hostile mail may leave, becomes its JSON escape."""
    for item in found:
        line = json.dumps(item, ensure_ascii=False) + "\n"
        sys.stdout.buffer.write(line.encode(errors="backslashreplace"))
        sys.stdout.buffer.flush()


def first_line(problem: Exception) -> str:
    return str(problem).strip().split("\n")[0] or type(problem).__name__
