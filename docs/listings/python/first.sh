python3 -m venv venv
venv/bin/pip install leasehold
venv/bin/python jobs.py
