"""Progress bars of imports, below the steps that are told meanwhile."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, Task, TaskID, TextColumn, TimeElapsedColumn


class ImportProgress:
    """A bar per import, or other work of known length.

    Used as a context manager; where there is no terminal, only the ends are told, and of what takes long each tenth.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self._bars = Progress(
            TextColumn("      {task.description:<28}"),
            BarColumn(bar_width=32),
            MofNCompleteColumn(),
            TextColumn("{task.fields[stage]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )

    def __enter__(self) -> "ImportProgress":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def begin(self, name: str, rows: int, *, of: str = "rows", long: bool = False) -> TaskID:
        return self._bars.add_task(name, total=rows, stage="reading", of=of, long=long)

    def move(self, bar: TaskID, done: int, stage: str) -> None:
        task = self._task(bar)
        before, rows = task.completed, task.total or 1
        self._bars.update(bar, completed=done, stage=stage)
        if task.fields["long"] and not self.console.is_terminal and done * 10 // rows > before * 10 // rows:
            self.console.print(f"      {task.description:<28} {done:,.0f} of {rows:,.0f} {stage}", highlight=False)

    def end(self, bar: TaskID) -> None:
        """Leaves the full bar as a line."""
        task = self._task(bar)
        width = 32
        filled = round(width * task.completed / task.total) if task.total else width
        bar_line = "━" * filled + "─" * (width - filled)
        told = (
            f"      {task.description:<28} {bar_line} {task.completed:,.0f} {task.fields['of']} {task.fields['stage']}"
        )
        self.console.print(told, style="cyan", highlight=False)
        self._bars.remove_task(bar)

    def _task(self, bar: TaskID) -> Task:
        return self._bars.tasks[self._bars.task_ids.index(bar)]
