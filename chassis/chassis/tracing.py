"""Spans: where they come from and where they go."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from opentelemetry import trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from sqlalchemy.ext.asyncio import AsyncEngine
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, create_tracer_provider

from chassis.settings import Settings


def start_tracing(service: str, settings: Settings) -> None:
    exporters: list[SpanExporter] = []
    if settings.otlp_endpoint:
        exporters.append(_otlp(settings.otlp_endpoint))
    if settings.trace_file:
        exporters.append(FileExporter(Path(settings.trace_file)))
    provider = create_tracer_provider(resource=Resource.create({"service.name": service}))
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=1000))
    trace.set_tracer_provider(provider)


def _otlp(endpoint: str) -> SpanExporter:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")


def trace_http(app: FastAPI) -> None:
    FastAPIInstrumentor.instrument_app(
        app, excluded_urls="health,metrics", exclude_spans=["receive", "send"], server_request_hook=_without_tokens
    )


def _without_tokens(span: trace.Span, scope: dict[str, Any]) -> None:
    """The token of a link is part of its path, and is written down nowhere."""
    path = re.sub(r"/[^/]{40,}", "/...", scope.get("path", ""))
    for name in ("url.path", "url.full", "url.query", "http.target", "http.url"):
        span.set_attribute(name, path)


def trace_database(engine: AsyncEngine) -> None:
    # SQLAlchemy 2.1 is newer than the range the instrumentation declares; it works.
    SQLAlchemyInstrumentor().instrument(engine=engine.sync_engine, skip_dep_check=True)


def temporal_plugin() -> OpenTelemetryPlugin:
    return OpenTelemetryPlugin(add_temporal_spans=True)


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
