"""The manifests for Kubernetes as code: running this module writes them to `deploy/kubernetes/`.

Each program of the Procfile is a Deployment of the one image. `deploy/kubernetes/README.md` says what an operator
brings: the servers, a secret with the settings, and the order in which things are applied.
"""
