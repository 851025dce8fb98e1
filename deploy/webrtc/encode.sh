#!/usr/bin/env bash
#
# deploy/webrtc/encode.sh - encode the camera's stream as H.264, and publish it on an RTSP server.
#
# go2rtc and MediaMTX start it when somebody watches, and stop it afterwards. The token reaches curl through a pipe:
# arguments can be read by every user of the machine.

set -Eeuo pipefail

encoders=${VIDEO4LINUX:-/sys/class/video4linux}

die() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit "${2:-1}"
}

usage() {
  cat <<'EOT'
Usage: encode.sh RTSP_ADDRESS [CAMERA]

CAMERA is the number of a further camera.

Environment variables:
  CAMERA_TOKEN    a token of scope view: stillcam token add webrtc --scope view
  CAMERA_URL      the camera's page (default: http://127.0.0.1:8080)
  CAMERA_BITRATE  of the board's encoder (default: 4M)
EOT
}

# A Pi 4 or older has an encoder on the board; a Pi 5 has none.
has_encoder() {
  grep -qsx bcm2835-codec-encode "$encoders"/video*/name
}

receive() {
  exec curl --silent --show-error --fail --no-buffer --max-time 0 --speed-time 30 --speed-limit 1 --header @- \
    "${CAMERA_URL:-http://127.0.0.1:8080}/${1:+camera/$1/}stream" <<<"Authorization: Bearer $CAMERA_TOKEN"
}

main() {
  local encode
  case $#:${1-} in
    1:-h | 1:--help) usage && exit ;;
    1:rtsp://*) ;;
    2:rtsp://*) [[ $2 =~ ^[0-9]+$ ]] || die "$2 is not the number of a camera (see --help)" 2 ;;
    *) die "wrong usage: $* (see --help)" 2 ;;
  esac
  [[ ${CAMERA_TOKEN-} ]] || die "CAMERA_TOKEN is missing: put a token of scope view into /etc/default/stillcam-webrtc"
  if has_encoder; then # its width is a multiple of 32, and it encodes up to 1920 pixels
    encode=(-vf "scale=trunc(min(1920\,iw)/32)*32:-2,format=yuv420p" -c:v h264_v4l2m2m -b:v "${CAMERA_BITRATE:-4M}")
  else
    encode=(-vf "scale=trunc(iw/2)*2:trunc(ih/2)*2,format=yuv420p" -c:v libx264 -preset superfast -tune zerolatency -profile:v baseline)
  fi
  # Frames come when the camera takes them: their time is that of their arrival.
  exec ffmpeg -hide_banner -loglevel warning -nostdin \
    -fflags nobuffer -flags low_delay -analyzeduration 500k -use_wallclock_as_timestamps 1 -f mpjpeg -i <(receive "${2-}") \
    -an -fps_mode vfr -enc_time_base 1:90000 "${encode[@]}" -bf 0 -g 60 -force_key_frames 'expr:gte(t,n_forced*2)' \
    -rtsp_transport tcp -f rtsp "$1"
}

main "$@"
