"""Storage: engines, transactions, schema and migrations. The only room that knows which database it is.

`engine.open_storage` opens a newsroom's database, `migrate.migrate` makes or upgrades it, `backup.backup` copies it,
`check.check` examines it; the tables are in `schema`, and every room notes its acts through `acts`.
"""
