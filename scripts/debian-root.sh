# Sourced, after environment.sh, by the scripts that work in Debian roots of their own: makes bare
# ones, and mounts what a root needs of the kernel. As root; the mounts belong into a namespace.
# shellcheck shell=bash

# What prints a path must not go on after a failure.
shopt -s inherit_errexit

# bare_root SUITE FOLDER: prints FOLDER/SUITE.tar, Debian's smallest set and sudo, made once a
# month. FOLDER/SUITE-archives keeps apt's downloads.
bare_root() {
    local suite=$1 folder=$2 tar=$2/$1.tar archives=$2/$1-archives fresh mirror
    mkdir -p "$archives"
    (
        flock 9
        find "$folder" -maxdepth 1 -name "$suite.tar" -mtime +30 -delete
        [ ! -f "$tar" ] || exit 0
        say "making a bare $suite root"
        find "$archives" -name '*.deb' -ctime +30 -delete
        mirror=$(debian_mirror)
        fresh=$(mktemp -d "$folder/base-$suite.XXXXXX")
        debootstrap --variant=minbase --include=ca-certificates,sudo --cache-dir="$archives" \
            "$suite" "$fresh" "$mirror" >&2
        chmod 755 "$fresh"
        tar -C "$fresh" -cpf "$tar.partial" --exclude='./var/cache/apt/archives/*.deb' .
        mv "$tar.partial" "$tar"
        rm -rf --one-file-system "$fresh"
    ) 9>"$folder/$suite.lock"
    printf '%s\n' "$tar"
}

# mount_kernel ROOT: proc, a small dev and this machine's resolver.
mount_kernel() {
    local root=$1 device
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for device in null zero full random urandom; do
        : >"$root/dev/$device"
        mount --bind "/dev/$device" "$root/dev/$device"
    done
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s /proc/self/fd/0 "$root/dev/stdin"
    ln -s /proc/self/fd/1 "$root/dev/stdout"
    ln -s /proc/self/fd/2 "$root/dev/stderr"
    mkdir "$root/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    mkdir -m 1777 "$root/dev/shm"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    printf '127.0.0.1 localhost %s\n' "$(uname -n)" >"$root/etc/hosts"
}

# in_clean_environment COMMAND...: with nothing of this machine's environment but its proxies.
in_clean_environment() {
    local name settings=()
    for name in http_proxy https_proxy no_proxy; do
        [ -z "${!name-}" ] || settings+=("$name=${!name}")
    done
    env -i "${settings[@]}" HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# prune FOLDER PATTERN DAYS: removes what was left there so long ago.
prune() {
    find "$1" -maxdepth 1 -name "$2" -mtime "+$3" -exec rm -rf --one-file-system {} +
}
