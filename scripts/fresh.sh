#!/bin/sh
# fresh.sh [SUITE...]: the README's two commands on machines that have nothing yet.
#
# Each suite (bookworm, trixie and noble when none is named) becomes a bare root made by debootstrap,
# with what a new machine has: certificates, git, make, and a user who may use sudo.  The last commit
# of this checkout is cloned there and `make demo` and `make test` run as that user.  The Rust
# toolchain is handed in read only, without its registry; so are this machine's mirror, proxies,
# certificates and the settings of pip and cargo, if it has any.
#
# Needs root, debootstrap and about 8 GB per suite; FRESH_DIR, or else .tools/fresh, keeps the bare
# roots as SUITE.tar and the logs.  All mounts are in a namespace of this process and end with it.
# SPDX-License-Identifier: MIT OR Apache-2.0
set -eu

PATH=$PATH:/usr/sbin:/sbin
cd "$(dirname "$0")/.."

say() { printf 'fresh: %s\n' "$*" >&2; }
die() { say "$*"; exit 2; }

[ "$(id -u)" = 0 ] || die "needs root, for debootstrap and chroot"
for tool in debootstrap unshare rustc git; do
  command -v $tool >/dev/null || die "$tool is missing (Debian packages debootstrap, util-linux, git)"
done
# In its own namespaces: what it starts ends with it, and what it mounts is seen by nobody else.
if [ "${FRESH_INSIDE:-}" != $$ ]; then
  # shellcheck disable=SC2016 # expanded inside
  exec unshare --mount --propagation private --pid --fork --kill-child --mount-proc \
    sh -c 'FRESH_INSIDE=$$ exec "$0" "$@"' "$PWD/scripts/fresh.sh" "$@"
fi

# The first process of a namespace ignores signals that it has no trap for.
trap 'exit 130' INT TERM

[ $# -gt 0 ] || set -- bookworm trixie noble
keep=${FRESH_DIR:-.tools/fresh}
mkdir -p "$keep"
keep=$(cd "$keep" && pwd)
DEBOOTSTRAP=/usr/share/debootstrap
UBUNTU_KEYS=/usr/share/keyrings/ubuntu-archive-keyring.gpg
# Names of the settings that say how to reach the registries and whom to trust.
SETTINGS='(https?|ftp|no|all)_proxy|(HTTPS?|FTP|NO|ALL)_PROXY|PIP_(INDEX_URL|EXTRA_INDEX_URL|'
SETTINGS="$SETTINGS"'TRUSTED_HOST|PROXY|DEFAULT_TIMEOUT)|CARGO_(HTTP|NET|REGISTR|SOURCE)[A-Z_]*'

# is_ubuntu SUITE: by the script with which debootstrap makes it, one for all of Ubuntu.
is_ubuntu() {
  [ "$1" = noble ] || [ "$(readlink "$DEBOOTSTRAP/scripts/$1")" = gutsy ]
}

# bootstrap ROOT SUITE COMPONENTS LABEL: from this machine's mirror or else debootstrap's own.
bootstrap() {
  # Debian 12's debootstrap is older than noble.
  cp -a $DEBOOTSTRAP "$keep/debootstrap.$$" || return 1
  [ -e "$keep/debootstrap.$$/scripts/$2" ] || ln -s gutsy "$keep/debootstrap.$$/scripts/$2"
  mirror=$(mirror "$4")
  # A root whose signatures cannot be checked is not made.
  DEBOOTSTRAP_DIR=$keep/debootstrap.$$ \
    http_proxy=${http_proxy:-$(apt-config dump --format '%v%n' Acquire::http::Proxy)} \
    debootstrap --variant=minbase --force-check-gpg --components="$3" "$2" "$1" ${mirror:+"$mirror"}
  code=$?
  rm -rf "$keep/debootstrap.$$"
  return $code
}

# mirror LABEL: where this machine gets packages of that distribution; nothing if it gets none.
mirror() {
  # shellcheck disable=SC2016 # apt's own fields
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed -n "s/^$1 //p" | head -n 1
}

# bare SUITE: makes SUITE.tar, if it is not there.
bare() {
  [ ! -f "$keep/$1.tar" ] || return 0
  root=$keep/$1.new
  rm -rf --one-file-system "$root"
  if ! is_ubuntu "$1"; then
    bootstrap "$root" "$1" main Debian || return 1
  elif [ -f $UBUNTU_KEYS ]; then
    bootstrap "$root" "$1" main,universe Ubuntu || return 1
  else
    echo "E: no $UBUNTU_KEYS (package ubuntu-keyring, in Debian since 13)"
    return 1
  fi
  settle "$root"
  chroot "$root" sh -c 'apt-get update && DEBIAN_FRONTEND=noninteractive \
    apt-get install -y --no-install-recommends ca-certificates git make sudo && apt-get clean' &&
    tar -C "$root" -cf "$keep/$1.tar.new" . && mv "$keep/$1.tar.new" "$keep/$1.tar" || return 1
  rm -rf --one-file-system "$root"
}

# settle ROOT: how this machine reaches the network, for apt and all others.
settle() {
  cp /etc/resolv.conf /etc/hosts "$1/etc/"
  apt-config dump Acquire | grep -E '^Acquire::(https?::|Check-|Retries|ForceIPv)' \
    >"$1/etc/apt/apt.conf.d/99host" || true
  mkdir -p "$1/usr/local/share/ca-certificates"
  for file in /usr/local/share/ca-certificates/*.crt; do
    [ ! -f "$file" ] || cp "$file" "$1/usr/local/share/ca-certificates/"
  done
  [ ! -f /etc/pip.conf ] || cp /etc/pip.conf "$1/etc/"
}

# furnish ROOT: a user, the toolchain, the project.
furnish() {
  settle "$1"
  mount -t proc proc "$1/proc"
  mkdir -p "$1/opt/rust"
  mount --bind "$(rustc --print sysroot)" "$1/opt/rust"
  mount -o remount,bind,ro "$1/opt/rust"
  chroot "$1" update-ca-certificates >/dev/null
  chroot "$1" useradd --create-home --home-dir /new --shell /bin/sh new
  echo 'new ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/new"
  home=$1/new
  mkdir "$home/.cargo"
  for file in "${CARGO_HOME:-$HOME/.cargo}"/config.toml; do
    [ ! -f "$file" ] || cp "$file" "$home/.cargo/"
  done
  {
    echo 'export PATH=/opt/rust/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'
    # pip brings its own certificates; the machine's have those of a proxy among them.
    echo 'export PIP_CERT=/etc/ssl/certs/ca-certificates.crt'
    export -p | grep -E "^export ($SETTINGS)=" || true
  } >"$home/settings"
  cp "$keep/htgen.bundle" "$home/"
  chroot "$1" chown -R new: /new
}

# as_user ROOT COMMAND: in the clone, with a login's environment and nothing of this one.
as_user() {
  chroot "$1" su --login new -c ". ./settings && cd htgen && $2"
}

# timed ROOT LOG COMMAND: says in `outcome` how long it took and how it ended, if badly.
timed() {
  began=$(date +%s)
  code=0
  # Waited for, so that a signal is not.
  as_user "$1" "$3" >"$2" 2>&1 </dev/null &
  wait $! || code=$?
  outcome="$(($(date +%s) - began)) s"
  [ $code = 0 ] || { outcome="exit code $code after $outcome" && status=1; }
}

# passed LOG: the tests that passed and failed, over all binaries.
passed() {
  sed -n 's/^test result: .* \([0-9]*\) passed; \([0-9]*\) failed;.*/\1 \2/p' "$1" |
    awk '{ passed += $1; failed += $2 } END { printf "%d passed, %d failed", passed, failed }'
}

# try SUITE: both commands in a root of its own; sets `row`, and `status` when one fails.
try() {
  root=$keep/$1.root
  # Of a run before this one; nothing can be mounted there, the namespace being new.
  rm -rf --one-file-system "$root"
  mkdir "$root"
  tar -C "$root" -xf "$keep/$1.tar"
  furnish "$root"
  chroot "$root" su --login new -c \
    'git -c advice.detachedHead=false -c init.defaultBranch=main clone --quiet htgen.bundle htgen'
  timed "$root" "$keep/$1-demo.log" 'make demo'
  row="| $1 | $outcome"
  timed "$root" "$keep/$1-test.log" 'make test'
  row="$row | $outcome | $(passed "$keep/$1-test.log") |"
  as_user "$root" scripts/versions.sh >"$keep/$1-versions.log" 2>&1 || true
  umount "$root/opt/rust" "$root/proc"
  rm -rf --one-file-system "$root"
}

[ -z "$(git status --porcelain)" ] || say "uncommitted changes are not tested"
git bundle create --quiet "$keep/htgen.bundle" HEAD
commit=$(git log -1 --format='%h, %cs')
rows=
status=0
for suite in "$@"; do
  if ! bare "$suite" >"$keep/$suite-bare.log" 2>&1; then
    say "$suite: no bare root: $(grep -E '^(E|W):' "$keep/$suite-bare.log" | tail -n 1)"
    say "$suite: skipped; the full log is $keep/$suite-bare.log"
    # Ubuntu's mirror and keys are not to be had everywhere.
    is_ubuntu "$suite" || status=1
    continue
  fi
  say "$suite: make demo, make test; their output goes to $keep/$suite-*.log"
  try "$suite"
  say "$row"
  rows="$rows$row
"
done
# As it stands in docs/toolchain.md.
printf 'Commit %s:\n\n| root | `make demo` | `make test` | tests |\n|---|---|---|---|\n%s' \
  "$commit" "$rows"
exit $status
