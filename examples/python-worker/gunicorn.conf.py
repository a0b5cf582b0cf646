"""Several workers, of which one leads: each takes part in the election when it begins to serve."""

workers = 3
worker_class = "uvicorn_worker.UvicornWorker"
# The application is loaded once, and then forked.
preload_app = True
