"""Language: what Arabic, Persian, Hebrew and Urdu need: direction, isolation, digits, plurals, dates, messages."""
