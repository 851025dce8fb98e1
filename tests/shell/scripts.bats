#!/usr/bin/env bats
#
# capture.sh and server.sh alone, and what all three scripts have in common.

# The helpers and bats set these: root, launched, status, stderr …
# shellcheck disable=SC2154

load helpers

teardown() {
  kill_all_launched
}

@test "each script explains itself, and names the environment that it reads" {
  for script in capture server start_camera_server; do
    run -0 "$root/$script.sh" -h
    [[ $output == "Usage: $script.sh "* ]]
  done
  for name in BIND PORT IMAGES DATA CAMERA; do
    run -0 "$root/start_camera_server.sh" --help
    [[ $output == *"STILLCAM_$name "* ]]
  done
}

@test "./stillcam is the command line, from any folder and through a link" {
  cd /
  run -0 "$root/stillcam" --version
  ln -s "$root/stillcam" "$BATS_TEST_TMPDIR/camera"
  run -0 "$BATS_TEST_TMPDIR/camera" settings get snapshot.interval_s
  [[ $output == 2.0 || $output == 2 ]]
  run -2 "$root/stillcam" nonsense
}

@test "wrong usage is status 2 and one line on stderr that leads to the help" {
  for call in 'capture.sh -z' 'capture.sh -i' 'capture.sh images' 'server.sh -z' 'server.sh -p' 'server.sh 8080' \
    'start_camera_server.sh -z' 'start_camera_server.sh --stop now' 'start_camera_server.sh now'; do
    read -ra words <<<"$call"
    run -2 --separate-stderr "$root/${words[0]}" "${words[@]:1}"
    [[ ! $output && ${#stderr_lines[@]} == 1 && $stderr == "${words[0]}: "*"(see "*help* || $stderr == *'(see -h)' ]]
  done
}

@test "a script is the program it runs: its pid is the daemon's, and TERM arrives" {
  use_simulated_camera
  launch "$root/capture.sh"
  eventually or_ended [ -e "$STILLCAM_IMAGES/current.jpg" ]
  one_runs stillcam.capture
  [[ $pid == "$launched" ]]
  kill -TERM "$launched"
  finished 0
}

@test "a flag overrides the environment" {
  use_simulated_camera
  run -1 "$root/server.sh" -p none
  [[ $output == *"STILLCAM_PORT"*"'none'"* ]]
  run -1 "$root/server.sh" -b nowhere
  [[ $output == *"STILLCAM_BIND"*"'nowhere'"* ]]
  run -1 "$root/capture.sh" -c brownie
  [[ $output == *"STILLCAM_CAMERA"*"'brownie'"* ]]
  run -1 "$root/capture.sh" -i /dev/null
  [[ $output == *"/dev/null is not a folder"* ]]
  run -1 "$root/capture.sh" -d /dev/null
  [[ $output == *"/dev/null is not a folder"* ]]
}

@test "a second daemon on the same images refuses" {
  use_simulated_camera
  launch "$root/capture.sh"
  eventually or_ended [ -e "$STILLCAM_IMAGES/current.jpg" ]
  run -1 "$root/capture.sh" -d "$BATS_TEST_TMPDIR/other-data"
  [[ ${#lines[@]} == 1 && $output == *"another capture daemon uses $STILLCAM_IMAGES"* ]]
}

@test "without its Python packages a script says how to get them" {
  mkdir "$BATS_TEST_TMPDIR/bin"
  cp "$root"/*.sh "$BATS_TEST_TMPDIR"
  printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/python3"
  chmod +x "$BATS_TEST_TMPDIR/bin/python3"
  for script in capture server; do
    PATH=$BATS_TEST_TMPDIR/bin:$PATH run -1 --separate-stderr "$BATS_TEST_TMPDIR/$script.sh"
    [[ ${#stderr_lines[@]} == 1 && $stderr == "$script.sh: "*"run ./start_camera_server.sh once"* ]]
  done
}
