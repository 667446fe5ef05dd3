# Sourced, after scripts/environment.sh, by the deployment tests that build images: podman with a store
# in the cache folder, on a machine without systemd or docker. As root, in a mount namespace of its own,
# which takes the store's mounts away with it.
# shellcheck shell=bash

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

# Debian's own base, which is not pulled but made as Debian makes it; anew every month.
make_base_image() {
    local root
    exec 8>"$podman_store/base.lock"
    flock 8
    if ! podman image exists docker.io/library/debian:trixie-slim ||
        [ -z "$(find "$podman_store/base.made" -mtime -30 2>/dev/null)" ]; then
        say "making a bare Debian 13"
        root=$(mktemp -d "$podman_store/base.XXXXXX")
        # The script of a release that this machine's debootstrap may not know yet is that of sid.
        debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$(debian_mirror)" \
            /usr/share/debootstrap/scripts/sid >&2
        rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
        tar -C "$root" -c . | podman import -q - docker.io/library/debian:trixie-slim >&2
        rm -rf --one-file-system "$root"
        touch "$podman_store/base.made"
    fi
    flock -u 8
}
