"""The subcommands of `seq2seq`, one file each: they parse arguments and call the library; no logic of their own."""
