"""Pages that people look at: one file per submission, and the site around them.

Every page is self-contained: style, scripts and figures are inside, nothing is fetched. What a
participant wrote is escaped, and what the phase's feedback hides is not in the file.
"""
