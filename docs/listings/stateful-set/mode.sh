case "$HOSTNAME" in *-0) ;; *) export LEASEHOLD_MODE=never ;; esac
echo "$HOSTNAME takes part: ${LEASEHOLD_MODE:-yes}"
