"""The configuration of a process, and the only place that reads the environment."""

import os
import re
from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import BadInput

PREFIX = "THROUGHLINE_"
ROOT = Path(__file__).resolve().parents[1]
# A provider that Throughline brings along, or a class of a plug-in by its dotted name.
_PROVIDER = re.compile(r"local|openai|espeak|scripted|[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_MACHINE_FOLDER = Path("/var/lib/throughline")
# Read by libraries when they are imported: only annotated types load from checkpoints, and nothing phones home.
_FOR_LIBRARIES = {
    "LANGGRAPH_STRICT_MSGPACK": "true",
    "LANGSMITH_TRACING": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
}


def _default_data_dir() -> Path:
    if os.geteuid() == 0:
        return _MACHINE_FOLDER
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "throughline"


def _loopback(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        if ip_address(host).is_loopback:
            return host
    except ValueError:
        raise ValueError(f"{host!r} is not an address") from None
    raise ValueError(f"{host} is reachable from other machines")


def _absolute(path: Path) -> Path:
    return path.expanduser().resolve()


def _absolute_or_none(path: Path | None) -> Path | None:
    return path and _absolute(path)


def _in_project(path: Path) -> Path:
    return path if path.is_absolute() else ROOT / path


def _postgres(url: str | None) -> str | None:
    if url and not url.startswith(("postgresql://", "postgres://")) and "=" not in url:
        raise ValueError("this is no PostgreSQL address")
    return url


def _names(given: object) -> object:
    return tuple(name.strip() for name in given.split(",") if name.strip()) if isinstance(given, str) else given


def _providers(names: tuple[str, ...]) -> tuple[str, ...]:
    if not names:
        raise ValueError("no provider is named")
    if wrong := [name for name in names if not _PROVIDER.fullmatch(name)]:
        raise ValueError(f"{wrong[0]!r} is no provider")
    if len(set(names)) < len(names):
        raise ValueError("a provider is named twice")
    return names


_Port = Annotated[int, Field(ge=1024, le=65535)]
_ProjectFile = Annotated[Path, AfterValidator(_in_project)]
_Providers = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names), AfterValidator(_providers)]


def _also(name: str) -> AliasChoices:
    return AliasChoices(PREFIX + name, name)


class Settings(BaseSettings):
    """Every setting; the description is the remedy that an operator reads when its value is bad."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ROOT / ".env",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        validate_by_name=True,
        validate_by_alias=True,
    )

    database_url: Annotated[str | None, AfterValidator(_postgres)] = Field(
        None, description="Give postgresql://user:password@host/database, or leave it empty for the embedded database."
    )
    data_dir: Annotated[Path, AfterValidator(_absolute)] = Field(
        default_factory=_default_data_dir, description="Give a folder that this user may write to."
    )
    data_key: Annotated[SecretStr | None, NoDecode] = Field(
        None, description="Give id:base64 of 32 bytes, several separated by commas, the newest last; or leave it empty."
    )
    host: Annotated[str, AfterValidator(_loopback)] = Field(
        "127.0.0.1", description="Use 127.0.0.1 or ::1 and put a proxy with sign-in and TLS in front of it."
    )
    console_port: _Port = Field(8501, description="Give a port from 1024 to 65535.")
    api_port: _Port = Field(8502, description="Give a port from 1024 to 65535.")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/\s]+$",
        description="Give the address at which buyers reach the API, such as https://orders.example.com, or none.",
    )
    policy_path: _ProjectFile = Field(
        Path("policy/default.yaml"), description="Give the path of a policy file, relative to the project's folder."
    )
    policy_label: str = Field("local", max_length=40, description="Give a label of at most 40 characters.")
    locale: str = Field("en", pattern=r"^[a-z]{2}(-[A-Z]{2})?$", description="Give a language tag such as en or en-GB.")
    openai_key: SecretStr | None = Field(
        None, description="Give the key of an OpenAI-compatible model, or leave it empty."
    )
    openai_base_url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="Give http://... or https://..., or leave it empty."
    )
    openai_model: str = Field("gpt-5-mini", min_length=1, description="Give the name of a chat model.")
    # ---- calls: LiveKit's own names count too, so that what its tools use need not be said twice
    livekit_url: str | None = Field(
        None,
        pattern=r"^wss?://\S+$",
        validation_alias=_also("LIVEKIT_URL"),
        description="Give the address of a LiveKit server such as wss://rooms.example.com, or none for one of our own.",
    )
    livekit_api_key: SecretStr | None = Field(
        None, validation_alias=_also("LIVEKIT_API_KEY"), description="Give the API key of the LiveKit server."
    )
    livekit_api_secret: SecretStr | None = Field(
        None, validation_alias=_also("LIVEKIT_API_SECRET"), description="Give the API secret of the LiveKit server."
    )
    livekit_agent: str = Field(
        "throughline",
        pattern=r"^[a-z][a-z0-9-]{0,39}$",
        description="Give the name that calls ask for: small letters, digits and hyphens, one per installation.",
    )
    voice_port: _Port = Field(8081, description="Give a port from 1024 to 65535 for the voice worker's health.")
    voice_metrics_port: _Port | None = Field(
        None, description="Give a port from 1024 to 65535 for the voice worker's Prometheus metrics, or none."
    )
    voice_calls: int = Field(
        8, ge=1, le=200, description="Give how many calls one voice worker may hold at once, from 1 to 200."
    )
    voice_cpu: float = Field(
        0.7, ge=0.2, le=1, description="Give the share of the processors that lets no further call in; 1: never."
    )
    voice_ready: int = Field(
        1, ge=0, le=20, description="Give how many processes wait with models loaded for the next call, from 0 to 20."
    )
    voice_standby: bool = Field(
        False, description="Give true for a voice worker that takes calls only while the first one is down, else false."
    )
    voice_name: str = Field(
        "", max_length=60, description="Give a voice that the first provider of TTS knows, or nothing for its own."
    )
    voice_speed: float = Field(1.0, ge=0.5, le=2.0, description="Give a speed from 0.5 to 2, 1 being natural.")
    stt: _Providers = Field(
        ("local",),
        description="Give recognisers in the order of preference, separated by commas: local, openai, or a LiveKit "
        "plug-in such as deepgram.STT.",
    )
    stt_model: str = Field("gpt-4o-mini-transcribe", min_length=1, description="Give the name of a speech model.")
    stt_options: dict[str, Any] = Field(
        {}, repr=False, description='Give what the plug-in takes as JSON, such as {"model": "nova-3"}.'
    )
    stt_script: Annotated[Path | None, AfterValidator(_absolute_or_none)] = Field(
        None, description="Give the folder of the scripts that tests hear with, or leave it empty."
    )
    tts: _Providers = Field(
        ("local", "espeak"),
        description="Give voices in the order of preference, separated by commas: local, espeak, openai, or a LiveKit "
        "plug-in such as cartesia.TTS.",
    )
    tts_model: str = Field("gpt-4o-mini-tts", min_length=1, description="Give the name of a voice model.")
    tts_options: dict[str, Any] = Field(
        {}, repr=False, description='Give what the plug-in takes as JSON, such as {"voice": "..."}.'
    )
    speech_key: SecretStr | None = Field(
        None,
        description="Give the key of an OpenAI-compatible speech service, or leave it empty.",
    )
    speech_base_url: str | None = Field(
        None, pattern=r"^https?://\S+$", description="Give http://... or https://..., or leave it empty."
    )
    speech_dir: _ProjectFile = Field(
        Path(".tools/speech"), description="Give the folder with the weights that python3 setup prepared."
    )
    audio_cache_mb: int = Field(64, ge=0, le=4096, description="Give megabytes from 0 (no cache) to 4096.")

    @property
    def buyers_url(self) -> str:
        """What links to contracts and payments begin with."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.api_port}"

    @property
    def database_dir(self) -> Path:
        """Where the embedded database lives."""
        return self.data_dir / "postgres"

    @property
    def audio_cache_dir(self) -> Path:
        """Where the sound of fixed lines is kept."""
        return self.data_dir / "audio"

    @property
    def log_dir(self) -> Path:
        return self.data_dir / "logs"

    @property
    def media_dir(self) -> Path:
        """Configuration and state of the LiveKit server that is started here."""
        return self.data_dir / "media"


def cache_dir() -> Path:
    """Where what takes long to make is kept for every checkout and data folder of this user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "throughline"


def load_settings(env_file: Path | None = ROOT / ".env") -> Settings:
    """The settings of this process, from the environment and the `.env` file; raises BadInput naming the remedy."""
    for name, value in _FOR_LIBRARIES.items():
        os.environ.setdefault(name, value)
    _refuse_unknown(os.environ, "the environment")
    if env_file and env_file.exists():
        _refuse_unknown(_names_in(env_file), str(env_file))
    try:
        return Settings(_env_file=env_file)  # pyright: ignore[reportCallIssue]
    except ValidationError as error:
        raise _explained(error) from None


def child_environment(changes: dict[str, str]) -> dict[str, str]:
    """The environment of a child process: ours, with these settings changed (names without the prefix)."""
    changed = {PREFIX + name.upper(): value for name, value in changes.items()}
    return {**os.environ, **_FOR_LIBRARIES, "PYTHONUNBUFFERED": "1", **changed}


def inherited(changes: dict[str, str]) -> dict[str, str]:
    """The environment of a tool that is not ours: registries, proxies and authorities are the machine's matter."""
    return {**os.environ, **changes}


def _refuse_unknown(names: Iterable[str], origin: str) -> None:
    known = {PREFIX + field.upper() for field in Settings.model_fields}
    for name in sorted(names):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1)
            meant = f"Did you mean {close[0]}?" if close else "See .env.example for every setting."
            raise BadInput(name, f"there is no such setting (found in {origin})", meant)


def _names_in(env_file: Path) -> set[str]:
    lines = (line.strip().removeprefix("export ") for line in env_file.read_text("utf-8").splitlines())
    return {line.partition("=")[0].strip() for line in lines if "=" in line and not line.startswith("#")}


def _explained(error: ValidationError) -> BadInput:
    first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0]) if first["loc"] else "settings"
    field = field.removeprefix(PREFIX).lower()  # pydantic tells a second name where a setting has one
    remedy = Settings.model_fields[field].description if field in Settings.model_fields else None
    problem = first["msg"].removeprefix("Value error, ")
    return BadInput(PREFIX + field.upper(), problem, remedy or "See .env.example.")
