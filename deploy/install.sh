#!/usr/bin/env bash
#
# deploy/install.sh - install Stillcam under /opt, with its own user, as systemd services.
#
# Run from a newer copy, it updates the installation and keeps settings, accounts and library. If the
# new version shows no picture within a minute, it rolls back to the previous one.

set -Eeuo pipefail
umask 022

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.."

parts=(LICENSE README.md capture.sh deploy docs python server.sh start_camera_server.sh web)
patience=60 # s, for a new version to show a picture
completions=usr/local/share/bash-completion/completions
root='' dry='' without_ffmpeg=''
repeated=() # options that an update repeats
units=(stillcam.target) cameras=('') # the first camera has no number here

die() {
  printf 'install.sh: %s\n' "$1" >&2
  exit "${2:-1}"
}

usage() {
  cat <<'EOT'
Usage: deploy/install.sh [--dry-run] [--without-ffmpeg] [--patience SECONDS] [--root DIR]
                         [--back | --uninstall | --purge]

Installs this copy of Stillcam, or updates an installation, and starts it. It asks no
questions, can be run again, and needs root (sudo).

  --dry-run          show what would be done, and do nothing
  --without-ffmpeg   do not install ffmpeg: no films, and no MP4 if the camera programs cannot write it
  --back             roll back to the previous version
  --uninstall        remove Stillcam; settings, accounts and library stay in /var/lib/stillcam
  --purge            remove Stillcam with settings, accounts and library
  --patience SECONDS time for a new version to show a picture (default: 60)
  --root DIR         put all files below DIR instead of / (for tests)
EOT
}

# Do it, or with --dry-run say it.
run() {
  if [[ $dry ]]; then
    printf '%s\n' "${*@Q}"
  else
    "$@"
  fi
}

# Say what is done now. An update from the page shows it, too.
step() {
  [[ $dry ]] || printf 'install.sh: %s\n' "$1"
}

get_programs() {
  local packages=()
  command -v jpegtran >/dev/null || packages+=(libjpeg-turbo-progs)
  [[ $without_ffmpeg ]] || command -v ffmpeg >/dev/null || packages+=(ffmpeg)
  python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv)
  if grep -qs 'Raspberry Pi' /proc/device-tree/model && ! command -v rpicam-still libcamera-still >/dev/null; then
    packages+=(rpicam-apps)
  fi
  ((${#packages[@]} > 0)) || return 0
  step "installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  if ! { run apt-get update -q && run apt-get install -y -q --no-install-recommends "${packages[@]}"; } >&2; then
    printf 'install.sh: apt-get failed; continuing without %s\n' "${packages[*]}" >&2
  fi
}

# Python packages are for all versions: an update needs no network as long as it needs no other packages.
get_modules() {
  local python
  for python in "$opt/venv/bin/python" python3; do
    if "$python" python/check_interpreter.py 2>/dev/null; then return; fi
  done
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "Python 3.11 or newer is needed (Raspberry Pi OS 12 or 13, Debian 12 or 13)"
  step 'installing Python packages'
  # Made beside the one there is: the version that runs needs that, should this one's not come.
  if ! { run python3 -m venv --clear --system-site-packages "$opt/venv.new" &&
    run "$opt/venv.new/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
      'pillow>=9.4,<14' 'prometheus-client>=0.16,<1' 'astral>=3.2,<4'; }; then
    die "cannot install the Python packages: check the network and the free space (df -h), then run it again"
  fi
  run rm -rf -- "$opt/venv"
  run mv -T -- "$opt/venv.new" "$opt/venv"
}

make_user() {
  if ! getent passwd stillcam >/dev/null; then
    run useradd --system --user-group --home-dir /var/lib/stillcam --shell /usr/sbin/nologin stillcam
  fi
  run usermod --append --groups video stillcam
}

# Lead a link in /opt/stillcam to a version, in one step.
point() {
  run ln -sfn -- "$2" "$opt/.$1.new"
  run mv -T -- "$opt/.$1.new" "$opt/$1"
}

is_installed() {
  local part
  for part in "${parts[@]}"; do
    diff -rq --exclude=__pycache__ "$part" "$opt/current/$part" >/dev/null 2>&1 || return
  done
}

put_version() {
  local name new old
  name=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' python/stillcam/__init__.py)-$(date -u +%Y%m%dT%H%M%S.%N)
  new=$opt/releases/$name
  step "installing version ${name%-*}"
  run mkdir -p -- "$new.new"
  run cp -R --preserve=mode,timestamps -- "${parts[@]}" "$new.new"
  run chmod -R go-w,a+rX -- "$new.new"
  run ln -s ../../venv "$new.new/.venv"
  run python3 -m compileall -q -f -o 0 -s "$new.new" -p "$new" "$new.new/python"
  run mv -T -- "$new.new" "$new"
  old=$(readlink -- "$opt/current") && point previous "$old"
  point current "releases/$name"
}

# Note where this version came from, for updates from the page: a git clone, its commit, and the options to repeat.
note_source() {
  local commit
  if [[ -e .git ]] && commit=$(git -c safe.directory="$PWD" rev-parse --verify HEAD); then
    # No pipe: with --dry-run nothing reads it.
    run install -m 644 /dev/stdin "$opt/current/source" <<<"$(printf '%s\n' "$PWD" "$commit" "${repeated[@]}")"
  else
    run rm -f -- "$opt/current/source"
  fi
}

put_units() {
  run mkdir -p -- "$root/etc/systemd/system" "$root/etc/default" "$root/usr/local/bin" "$root/$completions"
  run cp -- "$from"/deploy/systemd/*.{service,socket,target} "$root/etc/systemd/system"
  [[ -e $root/etc/default/stillcam ]] || run cp -- "$from/deploy/systemd/stillcam.default" "$root/etc/default/stillcam"
  run ln -sfn -- "${root:+../../..}/opt/stillcam/current/deploy/stillcam" "$root/usr/local/bin/stillcam"
  run ln -sfn -- "${root:+../../../../..}/opt/stillcam/current/deploy/completion.bash" "$root/$completions/stillcam"
  run systemctl daemon-reload
}

# The further ones of several cameras, by what the units' environment says.
name_units() {
  local said numbers number
  said=$(sed -nE "s/^STILLCAM_CAMERAS=[\"']?([0-9 ]+)[\"']?$/\1/p" "$root/etc/default/stillcam" 2>/dev/null | tail -n 1) || true
  read -ra numbers <<<"$said"
  for number in "${numbers[@]:1}"; do
    cameras+=("$number")
    units+=("stillcam-capture@$number.service")
  done
}

# Have them started at boot, and those of cameras that are no longer named not.
enable_units() {
  local unit
  for unit in "$root"/etc/systemd/system/stillcam.target.wants/stillcam-capture@?*.service; do
    if [[ -L $unit && " ${units[*]} " != *" ${unit##*/} "* ]]; then run systemctl disable --quiet --now "${unit##*/}"; fi
  done
  run systemctl enable --quiet "${units[@]}"
}

# Start what does not run, and wait until each camera shows a picture other than it did before.
start() {
  local camera before=("$@")
  step "waiting for a picture, for at most $patience s"
  run systemctl start --no-block "${units[@]}" || return
  for camera in "${cameras[@]}"; do
    # shellcheck disable=SC2086 # no word for the first one
    run "$opt/current/deploy/stillcam" ${camera:+@$camera} wait --seconds "$patience" --after "${before[0]-}" || return
    before=("${before[@]:1}")
  done
}

# systemctl waits for the units that it is told, not for those that stop with them: so all are named.
stop() {
  run systemctl stop stillcam.target stillcam-capture.service 'stillcam-capture@*.service' stillcam-server.service
}

restart() {
  local camera before=()
  step 'restarting Stillcam'
  stop || return # or a last picture of the old version would count as new
  run touch -- "$opt/restarted"
  for camera in "${cameras[@]}"; do
    before+=("$(readlink -- "$root/run/stillcam/images/$camera/current.jpg" || true)")
  done
  start "${before[@]}"
}

# Whether the units' environment has been changed since they were restarted here: another camera, another port.
is_environment_new() {
  local file
  for file in "$root"/etc/default/stillcam{,-[0-9]*}; do
    if [[ $file -nt $opt/restarted ]]; then return; fi
  done
  return 1
}

go_back() {
  local failed
  step 'rolling back to the previous version'
  failed=$(readlink -- "$opt/current")
  point current "$(readlink -- "$opt/previous")"
  point previous "$failed"
  put_units
}

sweep() {
  local version
  for version in "$opt"/releases/*; do
    if [[ -d $version && ! $version -ef $opt/current && ! $version -ef $opt/previous ]]; then
      run rm -rf -- "$version"
    fi
  done
}

say_what_is_next() {
  if [[ $dry ]]; then
    printf 'nothing was changed (--dry-run)\n'
    return
  fi
  printf 'installed; sudo stillcam status shows its state. Open one of these addresses in a browser:\n'
  "$opt/current/deploy/stillcam" addresses || true # the installation is complete; the reason is on stderr
}

do_install() {
  run mkdir -p -- "$opt/releases"
  get_programs
  get_modules
  make_user
  if is_installed; then
    note_source
    put_units
    enable_units
    if is_environment_new; then restart; else start; fi || die "no picture within $patience s: run sudo stillcam doctor"
    printf 'this version is already installed\n'
    return
  fi
  sweep
  put_version
  note_source
  put_units
  enable_units
  if restart; then
    sweep
    say_what_is_next
  elif [[ -L $opt/previous ]]; then
    go_back
    ((patience >= 180)) || patience=180 # it has worked before
    restart || die "the new version shows no picture; rolled back to the previous one, which shows none either: run sudo stillcam doctor"
    die "the new version shows no picture; rolled back to the previous one. Log: journalctl -u 'stillcam*'"
  else
    die "installed, but no picture within $patience s: run sudo stillcam doctor"
  fi
}

do_back() {
  [[ -L $opt/previous ]] || die "there is no previous version"
  go_back
  restart || die "the previous version shows no picture: run sudo stillcam doctor"
}

do_uninstall() {
  stop || true # it may be half installed
  run systemctl disable --quiet "${units[@]}" || true
  run systemctl disable --quiet --now stillcam-system.socket || true
  run rm -f -- "$root"/etc/systemd/system/stillcam-{capture,capture@,server,system@,update@}.service \
    "$root"/etc/systemd/system/stillcam{.target,-system.socket} "$root/usr/local/bin/stillcam" "$root/$completions/stillcam"
  run systemctl daemon-reload
  run rm -rf -- "$opt"
}

do_purge() {
  do_uninstall
  run rm -rf -- "$root/var/lib/stillcam" "$root"/run/stillcam{,-system} "$root"/etc/default/stillcam{,-[0-9]*}
  if getent passwd stillcam >/dev/null; then run userdel stillcam; fi
}

main() {
  local action=install
  exec </dev/null # nothing here asks a question
  while (($# > 0)); do
    case $1 in
      --dry-run) dry=yes ;;
      --without-ffmpeg) without_ffmpeg=yes repeated+=("$1") ;;
      --back | --uninstall | --purge) action=${1#--} ;;
      --patience | --root)
        [[ ${2-} ]] || die "$1 needs a value (see --help)" 2
        if [[ $1 == --root ]]; then root=$(readlink -m -- "$2"); else patience=$2; fi
        [[ $1 == --root ]] || repeated+=("$1" "$2")
        [[ $patience =~ ^[0-9]+$ ]] || die "--patience needs a number of seconds, not $patience" 2
        shift
        ;;
      -h | --help) usage && exit ;;
      *) die "wrong usage: $1 (see --help)" 2 ;;
    esac
    shift
  done
  [[ $dry || $root ]] || ((EUID == 0)) || die "root is needed to write to /opt and /etc: sudo $0"
  [[ ! -e $root/usr/lib/stillcam/capture.sh ]] ||
    die "the Debian package of Stillcam is installed: update it with apt, or remove it first (sudo apt remove stillcam); settings and pictures stay"
  opt=$root/opt/stillcam from=${opt}/current
  if [[ $dry ]]; then from=$PWD; fi
  name_units
  if [[ ! $dry ]]; then
    mkdir -p -- "$opt"
    exec 9<"$opt"
    flock -n 9 || die "another installation is running"
  fi
  "do_$action"
}

main "$@"
