"""Delivery: the way out. Holds the outbox (who is still owed what), the engine that empties it, the SMTP client."""
