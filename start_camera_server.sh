#!/usr/bin/env bash
#
# start_camera_server.sh - set up once, then keep capture.sh and server.sh running until told to stop.
#
# Nothing here sleeps or waits in the foreground: one `wait` wakes for whatever comes first,
# a part that ended, a pause before a restart that is over, or a signal.

set -Eeuo pipefail

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" # so a relative folder starts here

data=${STILLCAM_DATA:-data}
logs=$data/logs
lock=$data/run/start.lock
parts_lock=$data/run/parts.lock
python=python3
# A session of its own keeps a Ctrl-C from the parts: this script ends them in good order. Should it
# die of a KILL, they get a TERM. Bash lets background jobs ignore INT and QUIT: undo that.
apart=(setsid env --default-signal=INT --default-signal=QUIT setpriv --pdeathsig TERM)
pauses=(0.5 1 2 4 8 16 30)            # s, before each restart in a row
declare -A pid began starts row quick # by part; began: in 1/100 s, empty during a pause
cameras=() # numbers
parts=()   # capture, capture-NUMBER for each further camera, server
viewers=()

die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-1}"
}

usage() {
  cat <<'EOT'
Usage: start_camera_server.sh [--status | --stop | --help]

Without an option, it installs missing Python packages (once, into .venv), starts
capture.sh and server.sh, prints the addresses of the page, and keeps both running
until Ctrl-C or SIGTERM.

  --status  show the status; exit status 0 if it is running, 1 if not
  --stop    stop the capture daemon and the web server
  --help    show this help

Environment variables and their defaults:
  STILLCAM_PORT     8080
  STILLCAM_BIND     all addresses of this machine, IPv4 and IPv6
  STILLCAM_IMAGES   images
  STILLCAM_DATA     data
  STILLCAM_CAMERA   auto (or rpicam, picamera2, simulated)
  STILLCAM_CAMERAS  0 ("0 1" starts a daemon for each of two cameras)

Logs: data/logs/capture.log (for camera 1: capture-1.log) and data/logs/server.log.
EOT
}

name_parts() {
  local number
  read -rd '' -a cameras <<<"${STILLCAM_CAMERAS:-0}" || true
  parts=(capture)
  for number in "${cameras[@]:1}"; do
    [[ $number =~ ^[0-9]+$ ]] || die "STILLCAM_CAMERAS must be numbers such as '0 1', not '$STILLCAM_CAMERAS'"
    parts+=("capture-$number")
  done
  parts+=(server)
}

# Start a job that holds none of our locks.
job() {
  "${apart[@]}" "$@" 8>&- 9>&- &
}

run() {
  job "$@"
  wait "$!"
}

# Dies if another user owns one of the files and folders that `find ARGUMENT…` lists, as after a start with sudo.
# FOLDER is what should change its owner.
check_owner() {
  local folder=$1 found
  shift
  found=$(find -H "$@" ! -writable ! -type l -print -quit 2>/dev/null) || true # some do not exist yet
  [[ ! $found || -O $found ]] ||
    die "$found belongs to $(stat -c %U -- "$found"), perhaps after a start with sudo: sudo chown -R $(id -un) $(printf %q "$(realpath -s -- "$folder")")"
}

# Prints what is free on a folder's disk, as 1.5G.
room() {
  df -h --output=avail -- "$1" | tr -d ' \n' | sed 's/^Avail//'
}

set_up() {
  local log=$logs/setup.log
  for python in .venv/bin/python python3; do
    if "$python" python/check_interpreter.py 2>/dev/null; then return; fi
  done
  python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
    die "Python 3.11 or newer with venv is needed (Raspberry Pi OS 12 or 13, Debian 12 or 13): sudo apt update && sudo apt install -y python3-venv"
  [[ ! -L .venv ]] || # venv would empty the folder that it leads to
    die ".venv is a link to $(readlink .venv), whose Python lacks packages that Stillcam needs: install them there, or remove the link"
  [[ -e .venv ]] || check_owner "$PWD" "$PWD" -maxdepth 0
  check_owner .venv .venv
  printf 'first start: installing a few Python packages into .venv\n'
  python=.venv/bin/python
  # --clear: one that is half-made or broken is made anew.
  if ! { run python3 -m venv --clear --system-site-packages .venv &&
    run "$python" -m pip install --no-input --retries 1 \
      'pillow>=9.4,<14' 'prometheus-client>=0.16,<1' 'astral>=3.2,<4' &&
    "$python" python/check_interpreter.py 2>/dev/null; } >"$log" 2>&1; then
    tail -n 3 -- "$log" >&2
    die "setup failed: check the network and the free space ($(room .) here, $(room "${TMPDIR:-/tmp}") in ${TMPDIR:-/tmp}), then start again; the whole output is in $log"
  fi
}

claim() {
  local above part_logs=("${parts[@]/#/"$logs/"}")
  above=$(realpath -m -- "$data/..")
  [[ -e $data ]] || check_owner "$above" "$above" -maxdepth 0
  check_owner "$data" "$data" "$data"/{run,accounts.db,setup-code} "$lock" "$parts_lock" \
    "$logs" "$logs/setup.log" "${part_logs[@]/%/.log}" -maxdepth 0
  { mkdir -p -- "$data/run" "$logs" && exec 8>>"$parts_lock" 9>>"$lock"; } 2>/dev/null ||
    die "cannot write to $data: check its owner, whether it is mounted writable, and the free space (df -h)"
  flock -n 9 || die "already running (pid $(<"$lock")): $0 --status shows its state, $0 --stop stops it"
  printf '%s\n' "$$" >"$lock"
  # The parts hold this one too: those of a start that was killed need a moment to end.
  "${apart[@]}" flock -w 20 8 9>&- &
  wait "$!" || die "processes of an earlier start are still running: kill -9 them (fuser -v $parts_lock lists them)"
}

stop() {
  local pid
  if ! exec 9<"$lock" || flock -n 9; then
    printf 'not running\n'
    return
  fi 2>/dev/null
  pid=$(<"$lock")
  # Only who has the lock open is meant: after a crash the file may name a pid that is a stranger's by now.
  [[ /proc/$pid/fd/9 -ef $lock ]] || die "cannot stop pid $pid: it belongs to another user (use sudo), or is just starting or stopping"
  kill -TERM "$pid"
  flock -w 20 9 || die "pid $pid did not stop within 20 s: kill -9 $pid"
  printf 'stopped\n'
}

# Sets `now` to the uptime in 1/100 s: a clock that no time server puts right.
read_clock() {
  read -r now _ </proc/uptime
  now=$((10#${now/./}))
}

# Show what comes into the logs from now on, however late `tail` opens them.
view() {
  local part size
  for part in "${parts[@]}"; do
    size=$(stat -c %s -- "$logs/$part.log" 2>/dev/null) || size=0
    tail --pid="$$" -c "+$((size + 1))" -F -- "$logs/$part.log" 2>/dev/null 8>&- 9>&- &
    viewers+=("$!")
    disown # no `wait` is for it, and it ends last
  done
}

start() {
  local now
  read_clock
  began[$1]=$now
  starts[$1]=$((${starts[$1]:-0} + 1))
  STILLCAM_NUMBER=${1#"${1%%[0-9]*}"} "${apart[@]}" "./${1%%-*}.sh" >>"$logs/$1.log" 2>&1 9>&- &
  pid[$1]=$!
}

give_up() {
  local last
  last=$(tail -n 1 -- "$logs/$1.log")
  finish # first, so that no address and no other part's log comes after what we say
  trap - EXIT
  case $last in
    *'Z ERROR '* | "${1%%-*}.sh: "*) die "${last#*Z ERROR }" ;; # it has said itself what to do
  esac
  tail -n 15 -- "$logs/$1.log" >&2
  die "${1%%-*}.sh $2 (the whole log is in $logs/$1.log)"
}

# What follows on the end of a part's job: after the pause a start, after the program a pause.
next() {
  local part=$1 status=0 now ran pause
  wait "${pid[$part]}" 2>/dev/null || status=$?
  if [[ ! ${began[$part]} ]]; then
    start "$part"
    return
  fi
  kill -KILL -- "-${pid[$part]}" 2>/dev/null || true # what a killed part has left behind
  read_clock
  ran=$((now - began[$part]))
  ((starts[$part] > 1 || ran >= 1000 || status < 1 || status > 2)) || give_up "$part" "cannot start"
  quick[$part]=$((ran < 300 ? ${quick[$part]:-0} + 1 : 0))
  ((quick[$part] < 5)) || give_up "$part" "has died 5 times in a row within 3 s"
  row[$part]=$((ran < 6000 ? ${row[$part]:--1} + 1 : 0))
  pause=${pauses[row[$part] < ${#pauses[@]} ? row[$part] : -1]}
  TZ=UTC0 printf '%(%Y-%m-%dT%H:%M:%S)TZ WARNING %s.sh ended with status %s after %s s: restarting it in %s s\n' \
    -1 "${part%%-*}" "$status" "$((ran / 100))" "$pause" >>"$logs/$part.log" || true
  began[$part]=''
  job sleep "$pause"
  pid[$part]=$!
}

# Ends all that was started, within 3 s, and leaves no process.
finish() {
  local pids timer
  set +e
  trap '' INT TERM HUP
  mapfile -t pids < <(jobs -p) # not "${pid[@]}", for a signal may come before a new job is noted there
  kill -TERM "${pids[@]}"
  sleep 2.7 8>&- 9>&- &
  timer=$!
  while kill -0 "$timer" && kill -0 "${pids[@]}"; do wait -n; done
  kill -KILL -- "${pids[@]}" "${pids[@]/#/-}" "${pid[@]/#/-}" "$timer" "${viewers[@]}"
  wait
} 2>/dev/null

main() {
  local part number failed=0
  exec </dev/null # nothing here asks a question
  export PATH PYTHONPATH=$PWD/python PIP_DISABLE_PIP_VERSION_CHECK=1
  name_parts
  case $#:${1-} in
    0:) ;;
    1:--help | 1:-h) usage && exit ;;
    1:--status)
      if .venv/bin/python python/check_interpreter.py 2>/dev/null; then python=.venv/bin/python; fi
      for number in "${cameras[@]}"; do
        STILLCAM_NUMBER=$number "$python" -m stillcam status || failed=1
      done
      exit "$failed"
      ;;
    1:--stop) stop && exit ;;
    *) die "wrong usage: $* (see --help)" 2 ;;
  esac
  trap 'exit 0' INT TERM HUP
  claim
  trap finish EXIT
  set_up
  if [[ -t 1 ]]; then view; fi
  for part in "${parts[@]}"; do start "$part"; done
  printf 'Stillcam is starting; %s --stop stops it. Open one of these addresses in a browser:\n' "$0"
  job "$python" -m stillcam addresses
  while true; do
    wait -n 2>/dev/null || true
    # Each is looked at, whoever woke us: when two die at once, bash tells of one only.
    for part in "${parts[@]}"; do
      kill -0 "${pid[$part]}" 2>/dev/null || next "$part"
    done
  done
}

main "$@"
