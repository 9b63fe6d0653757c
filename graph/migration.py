"""`throughline migrate`: the schema of the configured database, brought up to date."""

import asyncio
import sys

from graph.installation import database_dsn, release_database
from graph.settings import load_settings
from memory.database import migrate


def migrate_configured() -> int:
    """Migrates and says what was applied. An embedded server that nobody else uses is stopped again."""
    settings = load_settings()
    applied = asyncio.run(migrate(database_dsn(settings)))
    for name in applied:
        sys.stdout.write(f"applied {name}\n")
    sys.stdout.write(f"{len(applied)} applied; the database fits this program\n")
    release_database(settings)
    return 0
