"""Sign-in: who of our own house works here. Gives: people, their roles, their sessions. Never: decides what a page shows."""
