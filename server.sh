#!/usr/bin/env bash
#
# server.sh - serve the page, the newest frame and the API.

set -Eeuo pipefail

cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" # wherever it was called from, and through symlinks

die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-1}"
}

usage() {
  cat <<'EOT'
Usage: server.sh [-h] [-b ADDRESS] [-p PORT] [-i IMAGES] [-d DATA]

Runs the web server, which shows the page, in the foreground until Ctrl-C or SIGTERM.
Each option overrides an environment variable:

  -b ADDRESS  STILLCAM_BIND: address to listen on (default: all, IPv4 and IPv6)
  -p PORT     STILLCAM_PORT: TCP port (default: 8080); 0: a free port, which the log names
  -i IMAGES   STILLCAM_IMAGES: folder of the frames (default: images)
  -d DATA     STILLCAM_DATA: folder of settings, library and logs (default: data)
  -h          show this help

Relative folders start in the folder of server.sh.
EOT
}

main() {
  local flag python
  while getopts :hb:p:i:d: flag; do
    case $flag in
      h) usage && exit ;;
      b) export STILLCAM_BIND=$OPTARG ;;
      p) export STILLCAM_PORT=$OPTARG ;;
      i) export STILLCAM_IMAGES=$OPTARG ;;
      d) export STILLCAM_DATA=$OPTARG ;;
      :) die "-$OPTARG needs a value (see -h)" 2 ;;
      *) die "unknown option -$OPTARG (see -h)" 2 ;;
    esac
  done
  ((OPTIND > $#)) || die "unexpected argument: ${!OPTIND} (see -h)" 2

  for python in .venv/bin/python python3; do
    if "$python" python/check_interpreter.py 2>/dev/null; then
      export PATH PYTHONPATH=$PWD/python # PATH: without one (env -i) bash makes one up, but keeps it to itself
      exec "$python" -m stillcam.server
    fi
  done
  die "Python 3.11 or a package that Stillcam needs is missing: run ./start_camera_server.sh once to install it"
}

main "$@"
