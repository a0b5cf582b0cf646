# remove-groups.sh FOLDER: removes the control groups of a cluster whose namespaces have been killed.
# A process is in its group until it has ended, so this waits for the last.
[ -e "$1/cgroups" ] || exit 0
while read -r group; do
    for attempt in $(seq 200); do
        [ -d "$group" ] || continue 2
        find "$group" -depth -type d -exec rmdir {} + 2>/dev/null || sleep 0.05
    done
    echo "the control group $group is left" >&2
    exit 1
done <"$1/cgroups"
