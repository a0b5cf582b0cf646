module leasehold.io/tls-kinds

go 1.26
