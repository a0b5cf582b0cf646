#!/bin/sh
while sleep 1; do
  echo "the job, under token $LEASEHOLD_FENCING_TOKEN"
done
