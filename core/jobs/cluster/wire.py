"""What has to be true before the lab connects to a scheduler: that all can reach its data, and nobody else the wire."""

from __future__ import annotations

from importlib.util import find_spec
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from core.errors import InputRefused
from core.settings import Settings

_TLS_FILES: Final = {
    "tls_ca_file": "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
    "tls_client_cert": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT",
    "tls_client_key": "DASK_DISTRIBUTED__COMM__TLS__CLIENT__KEY",
}


def check_wire(settings: Settings) -> None:
    """Check what can be known without asking anybody.

    Raises
    ------
    InputRefused
        If Dask is missing, the workers could not read the lab's data, or others could read and write on the wire.
    """
    if find_spec("distributed") is None:
        raise _refused("Dask is not installed here; allowed: after pip install -r requirements-team.txt")
    if settings.database_url.startswith("sqlite"):
        raise _refused("workers cannot reach a SQLite file; allowed: with PostgreSQL, in LOSSLAB_DB_URL")
    if settings.blobs != "database":
        raise _refused("workers cannot read uploads in a folder; allowed: with LOSSLAB_BLOBS=database")
    url = urlsplit(settings.engine)
    if url.scheme == "tcp" and not (_is_loopback(url.hostname or "") or settings.engine_insecure):
        raise _refused(
            "whoever reads or reaches plain tcp:// can run programs on the workers; allowed: tls://, tcp:// to this "
            "machine, or LOSSLAB_ENGINE_INSECURE=yes in a network of its own"
        )
    for variable, file in _certificates().items() if url.scheme == "tls" else ():
        if file is None or not Path(file).is_file():
            raise _refused(f"tls:// needs certificates; allowed: with a file in {variable}")


def security(settings: Settings) -> Any:
    """Return Dask's `Security` of the lab, from Dask's own configuration; None where nothing is encrypted."""
    from distributed import Security

    return Security(require_encryption=True) if settings.engine.startswith("tls") else None


def _certificates() -> dict[str, str | None]:
    from distributed import Security

    found = Security(require_encryption=True)
    return {variable: getattr(found, name) for name, variable in _TLS_FILES.items()}


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(why: str) -> InputRefused:
    return InputRefused(f"LOSSLAB_ENGINE: {why}.", "LOSSLAB_ENGINE")
