# space.sh FOLDER: becomes the outermost process of a cluster's namespaces. When it is killed, so is
# the first process within, and with that the kernel ends all others and undoes all mounts.
# What is left is in the control groups that FOLDER/cgroups names.
set -eu
folder=$1
group=leasehold-$(basename "$folder")
hierarchies=$(awk '$(NF-2) == "cgroup" || $(NF-2) == "cgroup2" { print $5 }' /proc/self/mountinfo)
for hierarchy in $hierarchies; do
    mkdir "$hierarchy/$group"
    echo "$hierarchy/$group" >>"$folder/cgroups"
    if [ -e "$hierarchy/$group/cpuset.cpus" ] && [ -e "$hierarchy/$group/cgroup.clone_children" ]; then
        # Version 1 has these empty at first, and then takes no process.
        cat "$hierarchy/cpuset.cpus" >"$hierarchy/$group/cpuset.cpus"
        cat "$hierarchy/cpuset.mems" >"$hierarchy/$group/cpuset.mems"
        echo 1 >"$hierarchy/$group/cgroup.clone_children"
    fi
    echo $$ >"$hierarchy/$group/cgroup.procs"
done
exec unshare --cgroup --mount --net --pid --fork --kill-child --mount-proc sh "$2" "$folder"
