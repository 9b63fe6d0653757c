"""Settings: what a bad value says, and that nothing else is read."""

import os
import stat
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from domain.errors import BadInput
from graph.clock import FixedClock, SystemClock
from graph.encryption_key import key_file, load_sealer
from graph.installation import database_dsn
from graph.settings import PREFIX, ROOT, Settings, child_environment, load_settings
from memory.sealing import SealBroken

DAY = date(2026, 11, 25)
KEY = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith((PREFIX, "LIVEKIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("THROUGHLINE_DATA_DIR", str(tmp_path / "data"))


def test_without_any_setting_everything_is_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THROUGHLINE_DATA_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere")
    settings = load_settings(None)
    assert settings.database_url is None
    assert settings.host == "127.0.0.1"
    assert settings.openai_key is None
    expected = "/var/lib/throughline" if os.geteuid() == 0 else "/somewhere/throughline"
    assert settings.data_dir == Path(expected)
    assert settings.policy_path == ROOT / "policy/default.yaml"


@pytest.mark.parametrize(
    ("name", "value", "problem", "remedy"),
    [
        ("HOST", "0.0.0.0", "reachable from other machines", "put a proxy"),
        ("HOST", "example.com", "is not an address", "127.0.0.1"),
        ("CONSOLE_PORT", "80", "greater than or equal to 1024", "from 1024 to 65535"),
        ("API_PORT", "many", "valid integer", "from 1024 to 65535"),
        ("LOCALE", "english", "match pattern", "en-GB"),
        ("DATABASE_URL", "mysql://x", "no PostgreSQL address", "embedded database"),
        ("OPENAI_BASE_URL", "ftp://x", "match pattern", "https://"),
        ("LIVEKIT_URL", "http://x", "match pattern", "wss://"),
        ("LIVEKIT_AGENT", "Sales Agent", "match pattern", "small letters"),
        ("VOICE_CALLS", "0", "greater than or equal to 1", "from 1 to 200"),
    ],
)
def test_a_bad_value_names_field_problem_and_remedy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, problem: str, remedy: str
) -> None:
    monkeypatch.setenv(PREFIX + name, value)
    with pytest.raises(BadInput) as caught:
        load_settings(None)
    assert caught.value.field == PREFIX + name
    assert problem in caught.value.problem
    assert remedy in caught.value.remedy


def test_a_misspelt_setting_is_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHLINE_DATABSE_URL", "postgresql:///x")
    with pytest.raises(BadInput, match="Did you mean THROUGHLINE_DATABASE_URL"):
        load_settings(None)


def test_the_env_file_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    env_file = tmp_path / ".env"
    env_file.write_text("# ours\nTHROUGHLINE_API_PORT=9001\nexport THROUGHLINE_CONSOLE_PORT=9002\nOTHER=1\n")
    monkeypatch.setenv("THROUGHLINE_CONSOLE_PORT", "9003")
    settings = load_settings(env_file)
    assert (settings.api_port, settings.console_port) == (9001, 9003)
    env_file.write_text("THROUGHLINE_API_PROT=9001\n")
    with pytest.raises(BadInput, match=r"found in .*\.env"):
        load_settings(env_file)


def test_livekits_own_names_count_and_ours_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_URL", "ws://127.0.0.1:7880")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "s3cret-of-livekit")
    settings = load_settings(None)
    assert settings.livekit_url == "ws://127.0.0.1:7880" and "s3cret" not in repr(settings)
    monkeypatch.setenv("THROUGHLINE_LIVEKIT_URL", "ws://127.0.0.1:7881")
    assert load_settings(None).livekit_url == "ws://127.0.0.1:7881"


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings(None).locale = "de"  # pyright: ignore[reportAttributeAccessIssue]


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHLINE_DATA_KEY", f"k1:{KEY}")
    monkeypatch.setenv("THROUGHLINE_OPENAI_KEY", "sk-secret")
    shown = repr(load_settings(None))
    assert KEY not in shown
    assert "sk-secret" not in shown


def test_the_example_documents_every_setting_and_no_other() -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    named = {line.lstrip("# ").partition("=")[0] for line in lines if line.lstrip("# ").startswith(PREFIX)}
    assert named == {PREFIX + field.upper() for field in Settings.model_fields}


def test_a_child_process_gets_its_settings() -> None:
    environment = child_environment({"api_port": "9009"})
    assert environment["THROUGHLINE_API_PORT"] == "9009"
    assert environment["LANGGRAPH_STRICT_MSGPACK"] == "true"


def test_the_key_file_is_made_once_and_private() -> None:
    settings = load_settings(None)
    sealed = load_sealer(settings, DAY).seal("x")
    assert load_sealer(settings, DAY).open(sealed) == "x"
    assert stat.S_IMODE(key_file(settings).stat().st_mode) == 0o600
    assert [path.name for path in settings.data_dir.iterdir()] == ["data.key"]


def test_two_first_starts_at_once_share_one_key(tmp_path: Path) -> None:
    code = (
        "from datetime import date; from graph.encryption_key import load_sealer;"
        " from graph.settings import load_settings;"
        "print(load_sealer(load_settings(None), date(2026, 11, 25)).digest('x', 'y'))"
    )
    environment = child_environment({"data_dir": str(tmp_path / "shared")})
    command = [sys.executable, "-c", code]
    children = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    assert len({child.communicate(timeout=60)[0] for child in children}) == 1
    assert [child.returncode for child in children] == [0, 0, 0, 0]


def test_configured_keys_rotate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHLINE_DATA_KEY", f"k1:{KEY}")
    sealed = load_sealer(load_settings(None), DAY).seal("x")
    monkeypatch.setenv("THROUGHLINE_DATA_KEY", f"k1:{KEY},k2:{'B' + KEY[1:]}")
    rotated = load_sealer(load_settings(None), DAY)
    assert rotated.current == "k2"
    assert rotated.open(sealed) == "x"


@pytest.mark.parametrize("text", [KEY, "k1:short", f"k1:{KEY},k1:{KEY}", f":{KEY}", "k1:not base64!", ","])
def test_a_malformed_key_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("THROUGHLINE_DATA_KEY", text)
    with pytest.raises((BadInput, SealBroken)) as caught:
        load_sealer(load_settings(None), DAY)
    assert KEY not in str(caught.value)


def test_a_configured_database_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THROUGHLINE_DATABASE_URL", "postgresql://somebody@db.internal/sales")
    assert database_dsn(load_settings(None)) == "postgresql://somebody@db.internal/sales"


def test_clocks() -> None:
    assert abs(SystemClock().now() - datetime.now(UTC)) < timedelta(seconds=5)
    clock = FixedClock(datetime.fromisoformat("2026-11-25T10:00:00+01:00"))
    assert clock.now().isoformat() == "2026-11-25T09:00:00+00:00"
    assert clock.advance(timedelta(hours=1)) == clock.now() == datetime(2026, 11, 25, 10, tzinfo=UTC)
    assert clock.set(datetime(2026, 11, 1, tzinfo=UTC)) == clock.now()
    with pytest.raises(BadInput):
        clock.set(datetime(2026, 11, 1))  # noqa: DTZ001 - the naive time is the point
    with pytest.raises(BadInput):
        clock.advance(timedelta(seconds=-1))
