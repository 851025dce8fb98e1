#!/usr/bin/env bats
#
# start_camera_server.sh as its users start, ask and end it.

# The helpers and bats set these: root, launched, status, stderr …
# shellcheck disable=SC2154

load helpers

setup() {
  use_simulated_camera
}

teardown() {
  kill_all_launched
}

# The pids of the three programs that run for long, into `pids`.
parts() {
  local part
  pids=()
  for part in stillcam.capture stillcam.server rpicam-still; do
    eventually one_runs "$part"
    pids+=("$pid")
  done
}

@test "it starts, tells address and setup code, answers --status, and ends on --stop" {
  run -1 "$root/start_camera_server.sh" --status
  launch "$root/start_camera_server.sh"
  pictures_come
  eventually says "http://127.0.0.1:$STILLCAM_PORT/"
  eventually says "enter the setup code "
  says "enter the setup code $(<"$STILLCAM_DATA/setup-code")"
  run -0 "$root/start_camera_server.sh" --status
  [[ $output == *"running"* ]]
  run -0 "$root/start_camera_server.sh" --stop
  [[ $output == stopped ]]
  finished 0
  run -0 "$root/start_camera_server.sh" --stop
  [[ $output == "not running" ]]
  run -1 "$root/start_camera_server.sh" --status
}

@test "without STILLCAM_BIND it answers at every address, IPv4 and IPv6" {
  grep -qs ' lo$' /proc/net/if_inet6 || skip "no IPv6 here"
  STILLCAM_BIND='' launch "$root/start_camera_server.sh"
  pictures_come # from 127.0.0.1
  curl -fsS --max-time 60 -o "$BATS_TEST_TMPDIR/same.jpg" "http://[::1]:$STILLCAM_PORT/images/current.jpg"
}

@test "a second start refuses with pid and hint, and leaves the first alone" {
  launch "$root/start_camera_server.sh"
  pictures_come
  parts
  before=("${pids[@]}")
  run -1 --separate-stderr "$root/start_camera_server.sh"
  [[ ${#stderr_lines[@]} == 1 && $stderr == *"already running (pid $launched)"*"--stop"* ]]
  parts
  [[ ${pids[*]} == "${before[*]}" ]]
}

@test "TERM, INT and HUP each end everything, with status 0" {
  for signal in TERM INT HUP; do
    launch "$root/start_camera_server.sh"
    pictures_come
    kill -s "$signal" "$launched"
    finished 0
  done
}

@test "it ends at once while a part waits for its restart" {
  launch "$root/start_camera_server.sh"
  pictures_come
  for _ in 1 2 3; do
    eventually one_runs stillcam.server
    kill -KILL "$pid"
    eventually ended "$pid"
  done
  kill -TERM "$launched"
  finished 0
}

@test "parts and a camera program that do not listen to TERM are killed" {
  printf '{"speed": 100, "ignore_term": true}\n' >"$STILLCAM_SIMULATED_DIR/faults.json"
  launch "$root/start_camera_server.sh"
  pictures_come
  parts
  kill -STOP "${pids[@]:0:2}"
  kill -TERM "$launched"
  finished 0
}

@test "it runs from another folder, through a symlink, with an empty environment" {
  ln -s "$root/start_camera_server.sh" "$BATS_TEST_TMPDIR/camera-server"
  cd /
  launch env -i MARK="$BATS_TEST_TMPDIR" STILLCAM_DATA="$STILLCAM_DATA" STILLCAM_IMAGES="$STILLCAM_IMAGES" \
    STILLCAM_PORT="$STILLCAM_PORT" STILLCAM_BIND=127.0.0.1 STILLCAM_CAMERA=simulated "$BATS_TEST_TMPDIR/camera-server"
  pictures_come
  STILLCAM_DATA=$STILLCAM_DATA run -0 "$BATS_TEST_TMPDIR/camera-server" --stop
  finished 0
}

# Launch it in a terminal whose keyboard is descriptor 7. `script` runs a shell there: what $SHELL names, else
# sh, which would stay, be in the terminal's foreground, and die of a Ctrl-C itself, were it not for the `exec`.
launch_in_terminal() {
  mkfifo "$BATS_TEST_TMPDIR/keys"
  exec 7<>"$BATS_TEST_TMPDIR/keys"
  SHELL=/bin/sh launch script -qec "exec $(printf %q "$root/start_camera_server.sh")" /dev/null <&7
}

@test "in a terminal it shows the logs, and Ctrl-C reaches it alone" {
  launch_in_terminal
  pictures_come
  eventually says "listens on 127.0.0.1 port $STILLCAM_PORT"
  parts
  printf '\003' >&7
  finished 0
  for part in capture server; do
    run -0 cat "$STILLCAM_DATA/logs/$part.log"
    lacks SIGINT
  done
  exec 7>&-
}

@test "it ends when its terminal goes" {
  launch_in_terminal
  pictures_come
  kill -KILL "$launched"
  eventually nothing_runs
  exec 7>&-
}

@test "kill -9 of the start script ends its parts" {
  launch "$root/start_camera_server.sh"
  pictures_come
  kill -KILL "$launched"
  eventually nothing_runs
  run -0 "$root/start_camera_server.sh" --stop
  [[ $output == "not running" ]]
}

@test "a start right after a kill -9 waits for the old parts" {
  printf '{"speed": 100, "ignore_term": true}\n' >"$STILLCAM_SIMULATED_DIR/faults.json" # so they need a while
  launch "$root/start_camera_server.sh"
  pictures_come
  kill -KILL "$launched"
  eventually ended "$launched"
  launch "$root/start_camera_server.sh"
  eventually says "Open one of these addresses" # by now the old ones are gone
  pictures_come
  parts
  run -0 "$root/start_camera_server.sh" --stop
  finished 0
}

@test "TERM ends a start that waits for old parts; one that waits in vain says so" {
  mkdir -p "$STILLCAM_DATA/run"
  exec 6>"$STILLCAM_DATA/run/parts.lock"
  flock 6
  launch "$root/start_camera_server.sh" 6>&-
  eventually one_runs "flock -w"
  kill -TERM "$launched"
  finished 0
  run -1 "$root/start_camera_server.sh" 6>&-
  [[ ${#lines[@]} == 1 && $output == *"processes of an earlier start are still running: "* ]]
}

# Whether the server gives what is at an address.
gives() {
  curl -fsS --max-time 20 -o "$BATS_TEST_TMPDIR/given" "http://127.0.0.1:$STILLCAM_PORT/$1" 2>/dev/null
}

# Whether a camera's daemon runs; its pid is then in `pid`.
daemon_runs() {
  local one
  for one in $(pids); do
    if grep -qzxF "STILLCAM_NUMBER=$1" "/proc/$one/environ" &&
      [[ $(tr '\0' ' ' <"/proc/$one/cmdline") == *stillcam.capture* ]]; then
      pid=$one
      return
    fi
  done 2>/dev/null
  return 1
}

another_daemon_runs() {
  daemon_runs "$1" && [[ $pid != "$2" ]]
}

@test "each of several cameras has a daemon; one that dies is started again, and the other runs on" {
  mkdir -p "$STILLCAM_DATA/cameras/1"
  sed 's/"version": 1/&, "camera": {"index": 1}/' "$STILLCAM_DATA/settings.json" >"$STILLCAM_DATA/cameras/1/settings.json"
  export STILLCAM_CAMERAS="0 1"
  launch "$root/start_camera_server.sh"
  pictures_come
  eventually or_ended gives healthz # all are well
  gives images/1/current.jpg
  [[ -L $STILLCAM_IMAGES/1/current.jpg ]]
  run -0 "$root/start_camera_server.sh" --status
  [[ $output == *"camera  0 ("*"camera  1 ("* ]]
  daemon_runs 1
  first=$pid
  kill -KILL "$first"
  eventually another_daemon_runs 1 "$first"
  grep -q 'capture.sh ended with status 137' "$STILLCAM_DATA/logs/capture-1.log"
  run -1 grep -q 'capture.sh ended' "$STILLCAM_DATA/logs/capture.log"
  eventually gives healthz
  run -0 "$root/start_camera_server.sh" --stop
  finished 0
}

@test "wrong numbers of cameras are told before anything starts" {
  STILLCAM_CAMERAS="0 x" run -1 --separate-stderr "$root/start_camera_server.sh"
  [[ $stderr == *"STILLCAM_CAMERAS must be numbers"* ]]
  STILLCAM_CAMERAS="1 1" launch "$root/start_camera_server.sh"
  finished 1
  [[ $output == *"STILLCAM_CAMERAS must be different numbers"* ]]
}
