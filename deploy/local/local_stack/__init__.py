"""The real stack on one machine without containers.

`up`, `load` and `down` are for the demo and the tests; `python -m local_stack --help` is for people.
"""

from local_stack.errors import StackError
from local_stack.lifecycle import down, up
from local_stack.stack import Stack, load

__all__ = ["Stack", "StackError", "down", "load", "up"]
