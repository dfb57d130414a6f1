"""Peer: WebSocket over mutual TLS 1.3 between members. Gives: links. Never: trusts a name the certificate does not prove."""
