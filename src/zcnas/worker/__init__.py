"""What is shipped into the sandbox along with the search spaces and the proxies.

``channel`` is the protocol between recorder and worker, ``contract`` the predictor's interface,
``confinement`` the rights a worker gives up, ``scratch`` the folder it may write to. Nothing here
knows an accuracy.
"""
