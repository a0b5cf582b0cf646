#!/bin/sh
# A migration that says who has begun it, and waits for a file before it does its part: a row in the database of all.
echo "$LEASEHOLD_FENCING_TOKEN $POD_NAME" >>/ledger/begun
while [ ! -e /ledger/go-on ]; do sleep 0.1; done
sqlite3 -cmd '.timeout 5000' /ledger/jobs.db "
    CREATE TABLE IF NOT EXISTS jobs (due INTEGER NOT NULL, token INTEGER NOT NULL, pod TEXT NOT NULL);
    INSERT INTO jobs VALUES (1, $LEASEHOLD_FENCING_TOKEN, '$POD_NAME')"
