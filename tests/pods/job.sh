#!/bin/sh
# A job that comes due each second, as the one who leads then does it: a line in the ledger of all.
while :; do
    rest=$((1000000000 - $(date +%s%N) % 1000000000))
    sleep "$(printf '%d.%09d' $((rest / 1000000000)) $((rest % 1000000000)))"
    echo "$(date +%s) $LEASEHOLD_FENCING_TOKEN $POD_NAME" >>/ledger/jobs
done
