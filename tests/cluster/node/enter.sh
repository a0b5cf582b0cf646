# enter.sh FOLDER PROGRAM …: runs a program within a cluster's namespaces and control groups.
set -eu
folder=$1
shift
while read -r group; do
    if [ -e "$group/servers" ]; then group=$group/servers; fi
    echo $$ >"$group/cgroup.procs"
done <"$folder/cgroups"
space=$(cat "$folder/space.pid")
first=$(cut -d ' ' -f 1 "/proc/$space/task/$space/children")
exec nsenter --target "$first" --cgroup --mount --net --pid -- "$@"
