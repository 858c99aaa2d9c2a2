"""What Alembic runs: every revision that is missing, inside the transaction that was begun for it."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
