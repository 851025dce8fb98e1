#!/usr/bin/env bash
#
# capture.sh - keep images/current.jpg fresh: one snapshot every few seconds.

set -Eeuo pipefail

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" # wherever it was called from, and through symlinks

die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-1}"
}

usage() {
  cat <<'EOT'
Usage: capture.sh [-h] [-n NUMBER] [-i IMAGES] [-d DATA] [-c CAMERA]

Runs the capture daemon in the foreground: the one process that owns the camera.
SIGTERM or Ctrl-C ends it.

  -n NUMBER  one of several cameras: STILLCAM_NUMBER (the first of STILLCAM_CAMERAS)
  -i IMAGES  folder of the frames: STILLCAM_IMAGES (images)
  -d DATA    folder of settings, library and logs: STILLCAM_DATA (data)
  -c CAMERA  auto, rpicam, picamera2 or simulated: STILLCAM_CAMERA (auto)
  -h         this text

A relative folder starts where capture.sh is.
EOT
}

main() {
  local flag python
  while getopts :hn:i:d:c: flag; do
    case $flag in
      h) usage && exit ;;
      n) export STILLCAM_NUMBER=$OPTARG ;;
      i) export STILLCAM_IMAGES=$OPTARG ;;
      d) export STILLCAM_DATA=$OPTARG ;;
      c) export STILLCAM_CAMERA=$OPTARG ;;
      :) die "-$OPTARG needs a value (see -h)" 2 ;;
      *) die "unknown option -$OPTARG (see -h)" 2 ;;
    esac
  done
  ((OPTIND > $#)) || die "no argument is expected: ${!OPTIND} (see -h)" 2

  for python in .venv/bin/python python3; do
    if "$python" python/check_interpreter.py 2>/dev/null; then
      export PATH PYTHONPATH=$PWD/python # PATH: without one (env -i) bash makes one up, but keeps it to itself
      exec "$python" -m stillcam.capture
    fi
  done
  die "Python 3.11 or a package that Stillcam needs is missing: run ./start_camera_server.sh once, it gets them"
}

main "$@"
