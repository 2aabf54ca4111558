"""The steps of the doctor: each looks at one thing and writes down what it saw."""
