"""An installation behind real sockets, in a thread of its own, for a client that is not asynchronous."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from tests.api.installation import Installation


@contextmanager
def served(make: Callable[[], Installation]) -> Iterator[dict[str, str]]:
    """The address of each service. `make` is called in that thread, whose loop the connections to databases belong to."""
    urls: dict[str, str] = {}
    servers: list[uvicorn.Server] = []
    begun = threading.Event()

    async def serve() -> None:
        merchant = make()
        listening = []
        for name, app in merchant.apps.items():
            listener = socket.create_server(("127.0.0.1", 0))
            urls[name] = f"http://127.0.0.1:{listener.getsockname()[1]}"
            config = uvicorn.Config(app, log_level="critical", lifespan="off")
            servers.append(uvicorn.Server(config))
            listening.append(servers[-1].serve(sockets=[listener]))
        serving = asyncio.gather(*listening)
        begun.set()
        await serving
        await merchant.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert begun.wait(30)
    try:
        yield urls
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(30)
