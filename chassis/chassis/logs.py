"""Logs as JSON lines on standard error, without personal data."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from opentelemetry import trace

from chassis.context import cause

NOISY = ("aiokafka", "faststream", "temporalio.worker", "temporal_sdk_core")
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
"""Attributes of every record; the others are what the caller added with `extra`."""


def set_up_logs(service: str, level: str) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    handler.addFilter(_Named(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    quiet = Throttle(per_second=1)
    for name in NOISY:
        logging.getLogger(name).addFilter(quiet)
        logging.getLogger(name).setLevel(logging.WARNING)


class JsonLines(logging.Formatter):
    """One object per record, with what began it and its trace. Not structlog's: that imports rich and pygments, 8 MB."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "event": record.getMessage(),
            "level": record.levelname.lower(),
            "logger": record.name,
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
            "timestamp": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
        }
        because, span = cause(), trace.get_current_span().get_span_context()
        if because.correlation_id:
            entry["correlation_id"] = because.correlation_id
        if span.is_valid:
            entry["trace_id"] = f"{span.trace_id:032x}"
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            entry["stack_info"] = record.stack_info
        return json.dumps(entry, default=repr)


class _Named(logging.Filter):
    """Says in every record which service wrote it."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.service = self.name
        return True


class Throttle(logging.Filter):
    """Lets one record per second of each logger through: aiokafka writes a hundred a second while Kafka is away."""

    def __init__(self, per_second: float) -> None:
        super().__init__()
        self._pause = 1 / per_second
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created - self._last.get(record.name, 0.0) < self._pause:
            return False
        self._last[record.name] = record.created
        return True
