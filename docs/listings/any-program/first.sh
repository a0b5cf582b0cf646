leasehold run --election monolith-jobs -- ./job.sh
