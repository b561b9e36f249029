"""What is shipped into the sandbox beside the search spaces and the proxies.

``channel`` is the language of recorder and worker, ``contract`` the predictor's, ``confinement``
the rights a worker gives up, ``scratch`` the folder it may write to. Nothing here knows an
accuracy.
"""
