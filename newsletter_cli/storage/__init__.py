"""Storage: engines, transactions, schema and migrations. The only room that knows which database it is."""
