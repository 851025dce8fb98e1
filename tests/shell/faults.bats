#!/usr/bin/env bats
#
# start_camera_server.sh when something is wrong, or dies.

# The helpers and bats set these: root, launched, status, stderr …
# shellcheck disable=SC2154

load helpers

setup() {
  use_simulated_camera
}

teardown() {
  kill_all_launched
  if [[ ${listener-} ]]; then kill "$listener" 2>/dev/null || true; fi
}

# Start, and expect that it ends with status 1, its last words as wanted, no traceback, and nothing left.
refuses() {
  launch "$root/start_camera_server.sh"
  finished 1
  # shellcheck disable=SC2053 # it is a pattern
  [[ ${output##*$'\n'} == "start_camera_server.sh: "$1 ]]
  lacks Traceback
}

kills_and_recovers() {
  local victim
  launch "$root/start_camera_server.sh"
  pictures_come
  for victim; do
    eventually one_runs "$victim"
    kill -KILL "$pid"
    eventually ended "$pid"
    pictures_come
  done
  for victim; do
    eventually one_runs "$victim" # one of each, so no orphan
  done
  eventually no_litter
  kill -TERM "$launched"
  finished 0
}

no_litter() {
  local files=("$STILLCAM_IMAGES"/camera_*.jpg)
  ((${#files[@]} <= 2))
}

@test "kill -9 of daemon, camera program and server, in every order: pictures come again" {
  kills_and_recovers stillcam.capture rpicam-still stillcam.server
  kills_and_recovers stillcam.capture stillcam.server rpicam-still
  kills_and_recovers rpicam-still stillcam.capture stillcam.server
  kills_and_recovers rpicam-still stillcam.server stillcam.capture
  kills_and_recovers stillcam.server stillcam.capture rpicam-still
  kills_and_recovers stillcam.server rpicam-still stillcam.capture
}

@test "kill -9 of all of them at once: pictures come again" {
  launch "$root/start_camera_server.sh"
  pictures_come
  victims=()
  for victim in rpicam-still stillcam.server stillcam.capture; do
    eventually one_runs "$victim"
    victims+=("$pid")
  done
  kill -KILL "${victims[@]}"
  for victim in "${victims[@]}"; do
    eventually ended "$victim"
  done
  pictures_come
  eventually one_runs stillcam.capture
  eventually one_runs rpicam-still
  grep -q 'capture.sh ended with status 137' "$STILLCAM_DATA/logs/capture.log"
}

@test "it gives up, with the last log lines, on a part that dies again and again" {
  copy=$BATS_TEST_TMPDIR/stillcam
  mkdir "$copy"
  cp "$root"/*.sh "$copy"
  ln -s "$root/.venv" "$root/python" "$root/web" "$copy"
  launch "$copy/start_camera_server.sh"
  pictures_come
  eventually one_runs stillcam.server
  printf '#!/bin/sh\necho "no luck today"\nexit 3\n' >"$copy/server.new"
  chmod +x "$copy/server.new"
  mv "$copy/server.new" "$copy/server.sh"
  kill -KILL "$pid"
  finished 1
  [[ $output == *"server.sh ended with status 137"*"no luck today"*"server.sh ended with status 3"* ]]
  [[ ${output##*$'\n'} == "start_camera_server.sh: server.sh has died 5 times in a row"* ]]
}

@test "a taken port is told, and nothing is left running" {
  coproc python3 -c 'import socket, sys, time
with socket.create_server(("127.0.0.1", int(sys.argv[1]))): print(flush=True), time.sleep(1000)' "$STILLCAM_PORT" 3>&-
  listener=$COPROC_PID
  read -r <&"${COPROC[0]}"
  refuses "port $STILLCAM_PORT is in use: *"
}

@test "wrong settings are told by file, line and field" {
  printf '{"version": 1,\n "snapshot": {"interval_s": "two"}}\n' >"$STILLCAM_DATA/settings.json"
  refuses "$STILLCAM_DATA/settings.json, line 2: snapshot.interval_s: *"
}

@test "torn settings are told" {
  printf '{"version": 1, "snap' >"$STILLCAM_DATA/settings.json"
  refuses "$STILLCAM_DATA/settings.json, line 1: not JSON *"
}

@test "an unknown camera is told, with those that there are" {
  STILLCAM_CAMERA=brownie refuses "STILLCAM_CAMERA must be one of auto, rpicam, picamera2, simulated, not 'brownie'"
}

@test "a wrong port is told" {
  STILLCAM_PORT=80000 refuses "STILLCAM_PORT must be *"
}

@test "an images folder that is a file is told" {
  touch "$BATS_TEST_TMPDIR/file"
  STILLCAM_IMAGES=$BATS_TEST_TMPDIR/file refuses "$BATS_TEST_TMPDIR/file is not a folder: *"
}

@test "a read-only images folder is told" {
  mkdir -p "$STILLCAM_IMAGES"
  if ((EUID == 0)); then # chmod does not stop root: a mount in a namespace of its own does
    unshare -m true 2>/dev/null || skip "no mount namespaces here"
    # shellcheck disable=SC2016 # expanded by the inner shell
    printf '#!/bin/sh\nmount -t tmpfs -o ro none "$STILLCAM_IMAGES" && exec %q\n' "$root/start_camera_server.sh" \
      >"$BATS_TEST_TMPDIR/start"
    chmod +x "$BATS_TEST_TMPDIR/start"
    launch unshare -m "$BATS_TEST_TMPDIR/start"
  else
    chmod a-w "$STILLCAM_IMAGES"
    launch "$root/start_camera_server.sh"
  fi
  finished 1
  [[ ${output##*$'\n'} == "start_camera_server.sh: cannot write to $STILLCAM_IMAGES "* ]]
}

@test "a data folder that cannot be written to is told" {
  STILLCAM_DATA=/dev/null/data refuses "cannot write to /dev/null/data: *"
}
