"""Texts to try, written for this page: abstracts for the model that ships with the package, and a short report."""

EXAMPLES = (
    "We study the motion of long polymer chains in a narrow channel by means of molecular dynamics simulations. The "
    "relaxation time of a chain grows with the third power of its length as long as the channel is narrower than the "
    "radius of gyration. In wider channels the known exponent of a free chain is recovered. A simple scaling argument "
    "explains the crossover between the two regimes.",
    "Recurrent neural networks for text summarization often repeat phrases and invent facts. We propose a pointer with "
    "an attention of its own that copies rare words from the source document. The network is trained end to end by "
    "maximum likelihood. On two corpora of news articles the method lowers the number of wrong names by a third and "
    "improves the quality of the summaries.",
    "Let G be a connected graph with n vertices. We prove that the number of spanning trees of G is determined by the "
    "spectrum of its Laplacian matrix even if one eigenvalue is unknown. The proof uses the matrix tree theorem and a "
    "bound on the largest eigenvalue. As an application we count the spanning trees of random regular graphs.",
    "A fire broke out in the old harbour of Bergen on Monday night. Two warehouses were destroyed and eleven people "
    "were taken to hospital, the police said. The cause of the fire is not known.",
)
