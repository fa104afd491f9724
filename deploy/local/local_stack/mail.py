"""A mail sink with a web page and a REST API, from the wheel `maildump`."""

import sys
from dataclasses import dataclass
from pathlib import Path

from local_stack.http import get_json
from local_stack.layout import Layout
from local_stack.programs import AFTER_REQUESTS, Program


@dataclass(frozen=True)
class Mail:
    """Ours, or a server somebody else runs (`COUNTERSIGN_SMTP`, its address; its web page in `COUNTERSIGN_MAIL`)."""

    layout: Layout
    given: str | None = None
    given_page: str = ""

    @property
    def name(self) -> str:
        return "mail"

    @property
    def smtp(self) -> str:
        return self.given or self.layout.address("smtp")

    @property
    def page(self) -> str:
        return self.given_page if self.given else f"http://{self.layout.address('mail')}"

    @property
    def directory(self) -> Path:
        return self.layout.directory / "mail"

    def program(self) -> Program | None:
        if self.given:
            return None
        smtp, page = self.layout.port("smtp"), self.layout.port("mail")
        command = [*AFTER_REQUESTS, str(Path(sys.executable).parent / "maildump"), "--foreground", "--no-quit"]
        command += ["--smtp-ip", "127.0.0.1", "--smtp-port", str(smtp)]
        command += ["--http-ip", "127.0.0.1", "--http-port", str(page)]
        command += ["--db", str(self.directory / "mail.db")]  # in memory it would forget at a restart
        return Program(
            name=self.name,
            command=command,
            directory=self.directory,
            ports={smtp: "mail (SMTP)", page: "the mail page"},
            why_not_ready=self._why_not_ready,
        )

    def prepare(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)

    def _why_not_ready(self) -> str | None:
        try:
            get_json(f"{self.page}/messages/")
        except OSError as error:
            return f"no answer from {self.page}: {error}"
        return None
