"""Migrations: how the tables came to be, one step a file. Alembic runs them; storage/migrate.py calls Alembic."""
