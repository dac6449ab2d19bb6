"""The few kinds of error that the package raises.

Every message says what was given, what is allowed and what to do next.
"""


class MinillmError(Exception):
    """Base of all errors raised by this package, for a caller who wants to catch any of them."""


class InvalidInput(MinillmError, ValueError):
    """An argument has a value that the function cannot work with."""


class FormatError(MinillmError, ValueError):
    """A file is damaged, cut short or of another format than was promised."""


class Unavailable(MinillmError, RuntimeError):
    """Something outside the program is missing: the network, an optional package, a device, a cached data set."""
