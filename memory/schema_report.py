"""Describes the schema of a migrated database, so that a document and a test show what the migrations amount to."""

from itertools import groupby

from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row

from memory.queries import SQL

_HEAD = """\
# The schema

Generated from a migrated database by `make docs`; `make check` fails when the two differ. The tables of the libraries
(checkpoints, jobs) are left out. Columns named `sealed` hold encrypted JSON.
"""


async def describe_schema(dsn: str) -> str:
    """The schema as Markdown: tables with their columns and rules, then views and functions."""
    connection = await AsyncConnection[DictRow].connect(dsn, autocommit=True, row_factory=dict_row)
    async with connection:
        columns = await (await connection.execute(SQL["schema_columns"], {})).fetchall()
        rules = await (await connection.execute(SQL["schema_rules"], {})).fetchall()
        others = await (await connection.execute(SQL["schema_views_and_functions"], {})).fetchall()
    parts = [_HEAD]
    for table, rows in groupby(columns, key=lambda row: row["table_name"]):
        parts.append(_table(table, list(rows), [row["rule"] for row in rules if row["table_name"] == table]))
    parts += [f"## {row['name']}\n\n```sql\n{row['definition'].strip()}\n```\n" for row in others]
    return "\n".join(parts)


def _table(name: str, columns: list[DictRow], rules: list[str]) -> str:
    lines = [f"## {name}", "", "| column | type | required | value |", "|---|---|---|---|"]
    for column in columns:
        required = "yes" if column["required"] else ""
        value = f"`{_cell(column['value'])}`" if column["value"] else ""
        lines.append(f"| {column['name']} | {_cell(column['type'])} | {required} | {value} |")
    if rules:
        lines += ["", *(f"- `{rule}`" for rule in rules)]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
