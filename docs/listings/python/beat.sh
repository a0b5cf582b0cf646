celery --app billing beat --scheduler leasehold --loglevel info
