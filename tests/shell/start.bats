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

@test "it starts, tells the address, answers --status, and ends on --stop" {
  run -1 "$root/start_camera_server.sh" --status
  launch "$root/start_camera_server.sh"
  pictures_come
  run -0 cat "$BATS_TEST_TMPDIR/out"
  [[ $output == *"http://127.0.0.1:$STILLCAM_PORT/"* ]]
  run -0 "$root/start_camera_server.sh" --status
  [[ $output == *"running"* ]]
  run -0 "$root/start_camera_server.sh" --stop
  [[ $output == stopped ]]
  nothing_runs
  finished
  [[ $status == 0 ]]
  run -0 "$root/start_camera_server.sh" --stop
  [[ $output == "not running" ]]
  run -1 "$root/start_camera_server.sh" --status
}

@test "a second start refuses with pid and hint, and leaves the first alone" {
  launch "$root/start_camera_server.sh"
  pictures_come
  before=$(pids)
  run -1 --separate-stderr "$root/start_camera_server.sh"
  [[ ${#stderr_lines[@]} == 1 && $stderr == *"already running (pid $launched)"*"--stop"* ]]
  [[ $(pids) == "$before" ]]
}

@test "TERM, INT and HUP each end everything, with status 0" {
  for signal in TERM INT HUP; do
    launch "$root/start_camera_server.sh"
    pictures_come
    kill -s "$signal" "$launched"
    finished
    nothing_runs
    [[ $status == 0 ]]
  done
}

@test "it ends at once while a part waits for its restart" {
  launch "$root/start_camera_server.sh"
  pictures_come
  for _ in 1 2 3; do
    part=
    until part=$(pid_of stillcam.server); do sleep 0.05; done
    kill -KILL "$part"
    eventually ended "$part"
  done
  kill -TERM "$launched"
  finished
  nothing_runs
  [[ $status == 0 ]]
}

@test "parts and a camera program that do not listen to TERM are killed" {
  printf '{"speed": 100, "ignore_term": true}\n' >"$STILLCAM_SIMULATED_DIR/faults.json"
  launch "$root/start_camera_server.sh"
  pictures_come
  kill -STOP "$(pid_of stillcam.server)" "$(pid_of stillcam.capture)"
  kill -TERM "$launched"
  finished
  nothing_runs
  [[ $status == 0 ]]
}

@test "it runs from another folder, through a symlink, with an empty environment" {
  ln -s "$root/start_camera_server.sh" "$BATS_TEST_TMPDIR/camera-server"
  cd /
  launch env -i MARK="$BATS_TEST_TMPDIR" STILLCAM_DATA="$STILLCAM_DATA" STILLCAM_IMAGES="$STILLCAM_IMAGES" \
    STILLCAM_PORT="$STILLCAM_PORT" STILLCAM_BIND=127.0.0.1 STILLCAM_CAMERA=simulated "$BATS_TEST_TMPDIR/camera-server"
  pictures_come
  STILLCAM_DATA=$STILLCAM_DATA run -0 "$BATS_TEST_TMPDIR/camera-server" --stop
  nothing_runs
}

@test "in a terminal it shows the logs, and Ctrl-C reaches it alone" {
  mkfifo "$BATS_TEST_TMPDIR/keys"
  exec 7<>"$BATS_TEST_TMPDIR/keys"
  launch script -qec "$root/start_camera_server.sh" /dev/null <&7
  pictures_come
  printf '\003' >&7
  finished
  nothing_runs
  [[ $status == 0 && $output == *"server "*" listens on 127.0.0.1 port $STILLCAM_PORT"* ]]
  [[ $output == *"ending: SIGTERM"* ]]
  lacks SIGINT
  exec 7>&-
}

@test "it ends when its terminal goes" {
  mkfifo "$BATS_TEST_TMPDIR/keys"
  exec 7<>"$BATS_TEST_TMPDIR/keys"
  launch script -qec "$root/start_camera_server.sh" /dev/null <&7
  pictures_come
  kill -KILL "$launched"
  eventually nothing_runs
  exec 7>&-
}

@test "kill -9 of the start script ends its parts; then it starts again" {
  launch "$root/start_camera_server.sh"
  pictures_come
  kill -KILL "$launched"
  eventually nothing_runs
  run -0 "$root/start_camera_server.sh" --stop
  [[ $output == "not running" ]]
  launch "$root/start_camera_server.sh"
  pictures_come
}
