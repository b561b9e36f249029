"""The commands of the console script, one module per kind of work; ``main.py`` lists them.

A command reads its arguments, calls the library, prints, and chooses the exit code. Nothing else is
decided here. Heavy modules are imported inside a command, so that ``zcnas --help`` is quick.
"""
