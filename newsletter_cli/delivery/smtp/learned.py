"""What the connections of one run have learned about one server, and do not try again."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Learned:
    """One for each server and run; every connection to the server reads and changes it."""

    window: int  # most transactions with CHUNKING that a connection may have in flight, 1 or more
    lock_step: bool = False  # answers and questions did not fit, or it stalled: one command at a time
    chunking: bool = True  # False: it offers CHUNKING and refuses BDAT
    messages: int = 0  # messages after which it closes a connection; 0 = no limit is known
    carried: int = 0  # most messages that one connection has brought to an end

    def closed_after(self, messages: int) -> None:
        """The server has closed a connection between two messages, this many being answered.

        Not believed when another connection has carried more: then it was an accident, and a limit made of it would
        cost a new connection every few messages for the rest of the run.
        """
        if messages >= max(self.carried, 1):
            self.messages = messages

    def has_carried(self, messages: int) -> None:
        """A connection has ended, this many messages being answered."""
        self.carried = max(self.carried, messages)
        if self.messages < messages:
            self.messages = 0

    def left_unanswered(self, window: int) -> None:
        """A connection that might have had so many in flight has ended with answers missing."""
        self.window = min(self.window, max(1, window // 2))
