"""Tenfour: self-hosted real-time chat."""
