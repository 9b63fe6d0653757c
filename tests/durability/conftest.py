"""Databases that live as long as a module, for tests that share one set-up of many processes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.durability.house import furnish

_numbers = count(1)


@contextmanager
def _database(server: str, template: str) -> Iterator[str]:
    name = f"durability_{next(_numbers)}"
    with psycopg.connect(server, autocommit=True) as connection:
        statement = sql.SQL("create database {} template {} strategy file_copy")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    dsn = make_conninfo(server, dbname=name)
    try:
        asyncio.run(furnish(dsn))
        yield dsn
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def module_house(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """The DSN of a database with a policy in force, for all tests of a module."""
    with _database(postgres_dsn, template_database) as dsn:
        yield dsn


@pytest.fixture
def house_dsn(postgres_dsn: str, template_database: str) -> Iterator[str]:
    """The same for one test."""
    with _database(postgres_dsn, template_database) as dsn:
        yield dsn
