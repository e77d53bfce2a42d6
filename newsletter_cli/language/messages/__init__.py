"""The reader-facing texts, one file per language. How to add one stands in `language/catalogue.py`."""

from collections.abc import Mapping

Forms = Mapping[str, str]  # CLDR category → text
