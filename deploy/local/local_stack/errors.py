"""The one error people see."""


class StackError(Exception):
    """What went wrong and what to do about it, in sentences for whoever typed the command."""


def no_space(where: object) -> StackError:
    """The same sentence wherever the disk turns out to be full."""
    return StackError(f"The disk that holds {where} is full. Free some space and run the same command again.")
