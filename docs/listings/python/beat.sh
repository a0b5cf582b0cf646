celery --app billing beat --scheduler leasehold
