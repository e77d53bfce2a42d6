"""What is wrong with a digest before anybody gets it: findings with a code, a level, file and line, and what to do.

`judge.check` runs the rules of the catalogue over an issue and its circumstances; the files of `catalogue/` hold the
words, `fixing` makes the repairs that rules propose.
"""
