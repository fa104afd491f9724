"""Traces and logs of a process. What traces need is imported in processes that trace, and in no others: it is 4 MB."""

from typing import Any

from fastapi import FastAPI
from opentelemetry import trace
from sqlalchemy.ext.asyncio import AsyncEngine

from chassis.logs import set_up_logs
from chassis.settings import Settings


def set_up_telemetry(service: str, settings: Settings) -> None:
    """Once per process, before anything is instrumented."""
    set_up_logs(service, settings.log_level)
    if settings.otlp_endpoint or settings.trace_file:
        from chassis.tracing import start_tracing

        start_tracing(service, settings)


def is_tracing() -> bool:
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


def instrument_http(app: FastAPI) -> None:
    if is_tracing():
        from chassis.tracing import trace_http

        trace_http(app)


def instrument_database(engine: AsyncEngine) -> None:
    if is_tracing():
        from chassis.tracing import trace_database

        trace_database(engine)


def temporal_plugins() -> list[Any]:
    """For the Temporal client, which hands them to its workers."""
    if not is_tracing():
        return []
    from chassis.tracing import temporal_plugin

    return [temporal_plugin()]


def flush_telemetry() -> None:
    flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    if flush is not None:
        flush(2000)
