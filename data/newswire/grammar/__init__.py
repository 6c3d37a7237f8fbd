"""The grammar of the newswire corpus.

An event function describes one kind of event, for example a flood. It returns a `Story`: the lead, three wordings of
the headline, and other sentences. The module `document` turns a story into a document and a headline.

In a text, `[this|that]` stands for one of its alternatives. `Desk.expand` replaces it by a random one. Most leads are
one bracket with two or three versions of the whole sentence.

The content of a headline depends on the document alone. The wording of a headline is random, with unequal
probabilities, and the document does not determine it.

Modules:
    names: invented names
    desk: random choice and wording for one story
    background: sentences for many kinds of event
    events: the kinds of event, one file per family
    document: a document and a headline from a story
    corpus: the pairs of a split
    report: statistics of a corpus
"""
