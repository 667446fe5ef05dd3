# Sourced, after environment.sh, by the deployment tests that build images: podman with a store in
# the cache folder, on a machine without systemd or docker. As root, in a mount namespace of its own,
# which takes the store's mounts away with it.
# shellcheck shell=bash

# shellcheck source=scripts/debian-root.sh
. "$HEADRACE_ROOT/scripts/debian-root.sh"

readonly podman_store=$HEADRACE_CACHE/kubernetes-images

# Works on cgroup v1 and v2 alike, and with no limit that is above this machine's.
use_podman() {
    local missing
    mapfile -t missing < <(missing_packages podman buildah runc conmon containernetworking-plugins \
        debootstrap debian-archive-keyring)
    [ "${#missing[@]}" -eq 0 ] ||
        { apt_get update && apt_get install -y --no-install-recommends "${missing[@]}"; }
    mkdir -p "$podman_store"
    cat >"$podman_store/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
EOF
    printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' \
        "$podman_store/layers" "$podman_store/run" >"$podman_store/storage.conf"
    export CONTAINERS_CONF=$podman_store/containers.conf
    export CONTAINERS_STORAGE_CONF=$podman_store/storage.conf
}

# Debian's own base is not pulled but made, and here once for each root that is made.
make_base_image() {
    local tar base=docker.io/library/debian:trixie-slim
    tar=$(bare_root trixie "$HEADRACE_CACHE/roots")
    exec 8>"$podman_store/lock"
    flock 8
    if [ ! "$podman_store/base.made" -nt "$tar" ] || ! podman image exists "$base"; then
        podman import -q "$tar" "$base" >&2
        touch "$podman_store/base.made"
    fi
    flock -u 8
}
