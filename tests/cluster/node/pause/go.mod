// What a pod's sandbox runs.
module leasehold-test-cluster-pause

go 1.26.0
