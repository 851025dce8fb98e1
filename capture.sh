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

Runs the capture daemon, which owns the camera, in the foreground until Ctrl-C or
SIGTERM. Each option overrides an environment variable:

  -n NUMBER  STILLCAM_NUMBER: number of the camera (default: the first of STILLCAM_CAMERAS)
  -i IMAGES  STILLCAM_IMAGES: folder of the frames (default: images)
  -d DATA    STILLCAM_DATA: folder of settings, library and logs (default: data)
  -c CAMERA  STILLCAM_CAMERA: rpicam, picamera2, simulated or auto (default: auto)
  -h         show this help

Relative folders start in the folder of capture.sh.
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
  ((OPTIND > $#)) || die "unexpected argument: ${!OPTIND} (see -h)" 2

  for python in .venv/bin/python python3; do
    if "$python" python/check_interpreter.py 2>/dev/null; then
      export PATH PYTHONPATH=$PWD/python # PATH: without one (env -i) bash makes one up, but keeps it to itself
      exec "$python" -m stillcam.capture
    fi
  done
  die "Python 3.11 or a package that Stillcam needs is missing: run ./start_camera_server.sh once to install it"
}

main "$@"
