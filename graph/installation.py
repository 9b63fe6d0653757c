"""Turns what the settings only name into what is there: the data folder and the database."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from domain.errors import BadInput
from graph.settings import PREFIX, Settings
from memory.embedded import ensure, stop


def prepare_data_dir(settings: Settings) -> Path:
    """The data folder, made private. Root's is passable, because the database runs in it as another user."""
    folder = settings.data_dir
    try:
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as error:
        problem = f"{folder} cannot be made ({error.strerror})"
        raise BadInput(f"{PREFIX}DATA_DIR", problem, "Choose another folder.") from None
    return folder


def database_dsn(settings: Settings) -> str:
    """The configured database, or the embedded one, started if need be. Blocks for up to a second."""
    if settings.database_url:
        return settings.database_url
    prepare_data_dir(settings)
    return ensure(settings.database_dir)


def release_database(settings: Settings) -> bool:
    """Stops the embedded database where nobody uses it any more."""
    return settings.database_url is None and stop(settings.database_dir, only_if_unused=True)


@contextmanager
def database_of_command(settings: Settings) -> Generator[str]:
    """The database for as long as a command runs: an embedded one that nobody else uses is stopped with it."""
    dsn = database_dsn(settings)
    try:
        yield dsn
    finally:
        release_database(settings)
