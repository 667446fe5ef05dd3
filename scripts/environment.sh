# Sourced by every script: where things are, how to speak, install and build. Runs nothing itself.
# What is downloaded or built once lives in one cache folder outside the checkout, safe to delete.
# shellcheck shell=bash

HEADRACE_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HEADRACE_CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/headrace
HEADRACE_JOBS=$(nproc)
export HEADRACE_ROOT HEADRACE_CACHE HEADRACE_JOBS

# Objects are found again from another checkout too: paths below this one are hashed relative to it.
export CCACHE_BASEDIR=$HEADRACE_ROOT CCACHE_NOHASHDIR=1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# as_root COMMAND...: runs it as root, through sudo when we are not.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo --preserve-env=http_proxy,https_proxy,no_proxy "$@"
    else
        die "this needs root and there is no sudo; run as root: $*"
    fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >&2
}

# missing_packages PACKAGE...: prints those that dpkg does not have. Needs no network.
missing_packages() {
    local package
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            printf '%s\n' "$package"
    done
}

# debian_mirror: the mirror that apt's own sources name for this release, whatever their format.
debian_mirror() {
    local site list
    site=$(first_mirror)
    # apt knows which of its sources is Debian's only once it has their lists.
    [ -n "$site" ] || { apt_get update && site=$(first_mirror); }
    [ -n "$site" ] || die "apt's sources (/etc/apt) name no Debian mirror for this release"
    # Cloud images name a file that holds a list of mirrors.
    if [[ $site == mirror+file:* ]]; then
        list=${site#mirror+file:}
        site=$(awk '!/^#/ && NF { print $1; exit }' "$list")
    fi
    printf '%s\n' "${site%/}"
}

first_mirror() {
    local codename
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(SITE)' \
        "Origin: Debian" "Codename: $codename" "Created-By: Packages" | sed -n 1p
}

# build PRESET [TARGET...]: configures and builds.
build() {
    local preset=$1
    shift
    say "building the $preset preset in build/$preset"
    (cd "$HEADRACE_ROOT" && cmake --preset "$preset" --log-level=WARNING &&
        cmake --build --preset "$preset" --parallel "$HEADRACE_JOBS" ${1:+--target "$@"}) >&2
}
