"""python -m demo.subscriber --kafka HOST:PORT --contract FOLDER --record FILE: follows until its standard input ends."""

import argparse
import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from demo.subscriber.reading import follow


async def _end_of_input(stop: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    stop.set()


async def _run(arguments: argparse.Namespace) -> dict[str, Any]:
    stop = asyncio.Event()
    waiting = asyncio.create_task(_end_of_input(stop))
    try:
        return await follow(arguments.kafka, arguments.contract, arguments.record, stop)
    finally:
        waiting.cancel()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.subscriber", description=__doc__)
    parser.add_argument("--kafka", required=True)
    parser.add_argument("--contract", type=Path, required=True, help="folder with asyncapi.json and schemas/")
    parser.add_argument("--record", type=Path, required=True, help="a line of JSON per record goes here")
    summary = asyncio.run(_run(parser.parse_args()))
    print(json.dumps(summary), flush=True)
    return 1 if summary["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
