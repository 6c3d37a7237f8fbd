"""The subcommands of `seq2seq`, one file each. A command parses its arguments and calls the library."""

COMMANDS = {
    "fit": ("fit", "train a model from a config file"),
    "validate": ("fit", "score a checkpoint on the validation split (greedy)"),
    "test": ("fit", "score a checkpoint on the test split (beam search); writes metrics.json and predictions.jsonl"),
    "predict": ("fit", "write the headlines of a split"),
    "decode": ("decode", "write headlines for plain text, or for a corpus file of any format"),
    "show": ("show", "print documents, references and headlines side by side"),
    "demo": ("demo", "serve a page in the browser: headlines, attention, copied words and the beams of the search"),
    "serve": ("serve", "answer HTTP requests with headlines"),
    "score": ("score", "score predictions, with intervals and tests of the differences between systems"),
    "report": ("report", "write the page of a run, and compare the run with another one"),
    "models": ("models", "list the models that ship with seq2seq, or print the card of one"),
    "export": ("export", "turn a checkpoint into another form, such as a small file for inference"),
    "average": ("average", "average the weights of checkpoints"),
    "vote": ("vote", "choose one of several systems' headlines for each document"),
    "prepare": ("prepare", "turn a raw corpus (arXiv, Gigaword, ...) into JSON Lines"),
    "config": ("config", "list, print or copy the configs that ship with seq2seq"),
    "schema": ("schema", "print the JSON schema of a config, for editors"),
    "completion": ("completion", "print the script that completes commands and options in bash or zsh"),
}
"""The module of each subcommand, and a line about it."""
