"""A competition on the organiser's own server: a folder in, a folder out.

    inbox/<team>/*.zip ──▶ inbox.py (whole files) ──▶ intake.py (accepted or refused, in words)
    ──▶ store.py (SQLite: every attempt) ──▶ line.py (whose turn it is) ──▶ runs.py, job.py (a
    process per attempt: the same run as `zcnas score`) ──▶ boards.py (the same publishing)
    ──▶ public/, outbox/<team>/

The database is the only thing the parts share, and the only way the commands of `zcnas queue` speak
to a server that is running. Everything else is made from it again: kill any process at any moment
and the next one resumes. ``server.py`` reads from top to bottom; ``layout.py`` names the folders,
``plan.py`` says what each part is given.
"""
