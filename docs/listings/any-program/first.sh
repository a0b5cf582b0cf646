chmod +x job.sh
leasehold run --election monolith-jobs -- ./job.sh
