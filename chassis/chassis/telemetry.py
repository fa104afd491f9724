"""One trace from the request through Kafka and Temporal to the mail, metrics, and logs as JSON without personal data."""

import json
import logging
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, create_tracer_provider

from chassis.context import cause
from chassis.settings import Settings

NOISY = ("aiokafka", "faststream", "temporalio.worker", "temporal_sdk_core")


def set_up_telemetry(service: str, settings: Settings) -> None:
    """Once per process, before anything is instrumented."""
    _set_up_logs(service, settings.log_level)
    exporters: list[SpanExporter] = []
    if settings.otlp_endpoint:
        exporters.append(OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces"))
    if settings.trace_file:
        exporters.append(FileExporter(Path(settings.trace_file)))
    if not exporters:
        return
    provider = create_tracer_provider(resource=Resource.create({"service.name": service}))
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    trace.set_tracer_provider(provider)


def is_tracing() -> bool:
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def instrument_http(app: FastAPI) -> None:
    if is_tracing():
        FastAPIInstrumentor.instrument_app(
            app, excluded_urls="health,metrics", exclude_spans=["receive", "send"], server_request_hook=_without_tokens
        )


def _without_tokens(span: trace.Span, scope: dict[str, Any]) -> None:
    """The token of a link is part of its path, and is written down nowhere."""
    path = re.sub(r"/[^/]{40,}", "/...", scope.get("path", ""))
    for name in ("url.path", "url.full", "url.query", "http.target", "http.url"):
        span.set_attribute(name, path)


def instrument_database(engine: AsyncEngine) -> None:
    if is_tracing():
        # SQLAlchemy 2.1 is newer than the range the instrumentation declares; it works.
        SQLAlchemyInstrumentor().instrument(engine=engine.sync_engine, skip_dep_check=True)


def temporal_plugins() -> list[Any]:
    """For the Temporal client, which hands them to its workers."""
    return [OpenTelemetryPlugin(add_temporal_spans=True)] if is_tracing() else []


def flush_telemetry() -> None:
    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush(2000)


class FileExporter(SpanExporter):
    """A span per line, for the local stack and for tests that follow a trace. Rotated at `LIMIT` bytes."""

    LIMIT = 50_000_000

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        lines = "".join(_as_line(span) for span in spans)
        try:
            if self._path.exists() and self._path.stat().st_size > self.LIMIT:
                self._path.replace(self._path.with_suffix(".1.jsonl"))
            with self._path.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError:
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS


def _as_line(span: ReadableSpan) -> str:
    context, parent = span.get_span_context(), span.parent
    assert context is not None
    entry = {
        "service": span.resource.attributes.get("service.name"),
        "name": span.name,
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "parent_id": f"{parent.span_id:016x}" if parent else None,
        "start": span.start_time,
        "end": span.end_time,
        "kind": span.kind.name,
    }
    return json.dumps(entry) + "\n"


def _set_up_logs(service: str, level: str) -> None:
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_cause,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_Named(service))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    quiet = Throttle(per_second=1)
    for name in NOISY:
        logging.getLogger(name).addFilter(quiet)
        logging.getLogger(name).setLevel(logging.WARNING)


def _add_cause(_logger: Any, _method: str, entry: Any) -> Any:
    because, span = cause(), trace.get_current_span().get_span_context()
    if because.correlation_id:
        entry["correlation_id"] = because.correlation_id
    if span.is_valid:
        entry["trace_id"] = f"{span.trace_id:032x}"
    return entry


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
