# first.sh FOLDER: the first process of a cluster's namespaces. It prepares them, and waits for orphans.
set -eu
folder=$1
# As seen from here, the cluster's control groups are all there are.
awk '$(NF-2) == "cgroup" || $(NF-2) == "cgroup2" { print $5, $(NF-2), $NF }' /proc/self/mountinfo |
    while read -r point type options; do
        # Of a hierarchy: which one it is.
        options=${options#rw,}
        options=${options#xattr,}
        umount "$point"
        case $type,$options in
        cgroup2,*) mount -t cgroup2 cgroup2 "$point" ;;
        *,name=*) mount -t cgroup -o "none,$options" cgroup "$point" ;;
        *) mount -t cgroup -o "$options" cgroup "$point" ;;
        esac
    done
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    # Version 2 alone: no process may be beside the groups of pods.
    mkdir /sys/fs/cgroup/servers
    echo 1 >/sys/fs/cgroup/servers/cgroup.procs
    for controller in $(cat /sys/fs/cgroup/cgroup.controllers); do
        echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
    done
fi
# What programs write outside of the cluster's folder is seen by them alone.
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p "$folder/lib/upper" "$folder/lib/work"
mount -t overlay -o "lowerdir=/var/lib,upperdir=$folder/lib/upper,workdir=$folder/lib/work" overlay /var/lib
ip link set lo up
# The address of the Service `kubernetes`, and those of two nodes.
for address in 10.0.0.1 10.1.0.1 10.1.0.2; do
    ip address add "$address/32" dev lo
done
echo 1 >/proc/sys/net/ipv4/ip_forward
touch "$folder/ready"
# It also waits for each process whose parent has ended.
while :; do sleep 1; done
