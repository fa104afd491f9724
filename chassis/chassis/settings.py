"""What a process must be told from outside. Everything else is policy: rows that staff change."""

import os
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Read from the environment, prefix `COUNTERSIGN_`, and from files of these names in `COUNTERSIGN_SECRETS_DIR`, as
    containers mount secrets; the environment wins. A service adds its own by subclassing."""

    model_config = SettingsConfigDict(
        env_prefix="COUNTERSIGN_", frozen=True, secrets_dir=os.environ.get("COUNTERSIGN_SECRETS_DIR")
    )

    database_url: SecretStr
    """`postgresql+asyncpg://user:password@host:port/database`; the service's own database."""
    database_pool: Annotated[int, Field(ge=2, le=100)] = 10
    kafka: str = "127.0.0.1:9092"
    kafka_replication: Annotated[int, Field(ge=1)] = 1
    temporal: str = "127.0.0.1:7233"
    temporal_namespace: str = "countersign"
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    instance: str = "local"
    """Told by `/health/live`, so that a health check knows whom it reached."""
    epoch: Annotated[int, Field(ge=1)] = 1
    """Raised by one when the database was restored from a backup, so that reused sequences are seen as new."""
    workflow_patches: Literal["used", "held"] = "used"
    """`held`: a worker goes on with patched processes, and patches none itself. So it is started while workers of the
    release before still run, which could not go on with a process that was patched."""
    otlp_endpoint: str | None = None
    trace_file: str | None = None
    """Spans as JSON lines, for the local stack."""
    log_level: str = "INFO"
