scheduled-jobs
