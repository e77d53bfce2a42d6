"""Command line: words, exit codes, tables, progress. Every command reads, calls a room, prints.

`app.main` is the edge; `tree` the commands there are; `frame` what is round each of them (start there to write one);
`run` what a command works with; `output`, `table`, `terminal`, `ask`, `progress`, `live` what people see and answer;
`failure`, `exits`, `topics` how it tells what went wrong; `words`, `catalogue` its languages.
"""
