#!/bin/sh
# A job that comes due each second, as the one who leads then does it: a row in the database of all.
# With ANSWERS, a file to which a candidate writes whether it leads, only while it does.
database=/ledger/jobs.db
while :; do
    rest=$((1000000000 - $(date +%s%N) % 1000000000))
    sleep "$(printf '%d.%09d' $((rest / 1000000000)) $((rest % 1000000000)))"
    due=$(date +%s)
    if [ -n "${ANSWERS-}" ]; then
        case $(tail -n 1 "$ANSWERS") in
        LEADER*) ;;
        *) continue ;;
        esac
    fi
    sqlite3 -cmd '.timeout 5000' "$database" "
        CREATE TABLE IF NOT EXISTS jobs (due INTEGER NOT NULL, token INTEGER NOT NULL, pod TEXT NOT NULL);
        INSERT INTO jobs VALUES ($due, ${LEASEHOLD_FENCING_TOKEN:-0}, '$POD_NAME')"
done
