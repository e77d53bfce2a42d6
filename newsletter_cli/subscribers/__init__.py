"""Subscribers: who may be written to. Roster, lists, the audience language, consent, files in and out."""
