"""The doctor: why a connection does not work. It measures, and then judges what it measured."""
