"""The page to try a model in a browser: headlines, attention, copied words and the beams of the search.

`page.py` joins the parts with gradio, and `server.py` serves the page. The other files turn values of the library into
HTML and SVG, and need no gradio. They escape every text.
"""
