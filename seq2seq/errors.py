"""The one exception that means "the user can mend this": its text says what is wrong, where, and what to do.

The command line prints it as one line and exits with a non-zero status; from Python it is an ordinary exception.
It stands below everything else and imports nothing.
"""


class UserError(Exception):
    """Bad input, settings or files. The message is one line: what, where (file, line or key), cure."""
