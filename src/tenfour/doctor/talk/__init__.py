"""A conversation with any WebSocket server, from a script or from somebody who types: what ``tenfour probe`` does."""
