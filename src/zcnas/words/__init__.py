"""Values, records, files and text that every program speaks of; ships to all of them.

The four that everybody meets first stand beside this room: ``zcnas.benchmarks``, ``zcnas.errors``,
``zcnas.phases`` and ``zcnas.plugins``. ``wings`` is the table of the architecture.
"""
