"""Headlines over HTTP: a queue, a thread that searches, and the web application.

A request passes `guard.py` (token, size, time), `application.py` (routes, `schema.py`, `limits.py`) and waits in
`batching.py`. `search.py` computes the answers, `metrics.py` counts, and `page.py` documents the routes.
"""
