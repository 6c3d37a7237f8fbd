"""A small grammar of German sentences about numbers, dates, prices and travel, with their English translations."""
