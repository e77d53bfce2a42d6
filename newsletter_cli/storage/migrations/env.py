"""Alembic's entrance. It runs on import, as Alembic wants, on the connection that storage/migrate.py hands over."""

from alembic import context

from newsletter_cli.storage.schema import metadata

# The caller has begun the transaction: all steps and the new revision are stored together, or not at all.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
