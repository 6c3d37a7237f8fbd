"""The subcommands of `seq2seq`, one file each. A command parses its arguments and calls the library."""
