# What the tests of the scripts stand on: the real programs with the simulated camera, in a folder of each test's own.

# They are for the tests: root, status, frame, pid …
# shellcheck disable=SC2034

bats_require_minimum_version 1.5.0
root=$(cd -- "$BATS_TEST_DIRNAME/../.." && pwd -P)
deadline_s=180 # for a condition to come true; a test that passes never waits so long
exec {never}<> <(:) # nothing ever comes from it: `read -t` waits without a process for each pause

# One small frame every 0.3 s, from a camera without the latencies of a real one.
use_simulated_camera() {
  local home=$BATS_TEST_TMPDIR
  mkdir -p "$home/data" "$home/camera"
  printf '{"version": 1, "snapshot": {"interval_s": 0.3, "width": 160, "height": 120}}\n' >"$home/data/settings.json"
  printf '{"speed": 100}\n' >"$home/camera/faults.json"
  export STILLCAM_CAMERA=simulated STILLCAM_SIMULATED_DIR=$home/camera
  export STILLCAM_DATA=$home/data STILLCAM_IMAGES=$home/images STILLCAM_BIND=127.0.0.1
  STILLCAM_PORT=$(free_port)
  export STILLCAM_PORT
}

# A port that the kernel gives to nobody on its own, as it may those from 32768 on: to a curl of ours, even.
free_port() {
  python3 -c 'import random, socket
while True:
    try:
        with socket.create_server(("127.0.0.1", random.randrange(10000, 32768))) as probe:
            print(probe.getsockname()[1])
            break
    except OSError:
        continue'
}

# Start a command as a service manager does: no terminal, signals as they are by default, no descriptor of bats.
# All that comes of it can be told by a mark in its environment.
launch() {
  env --default-signal MARK="$BATS_TEST_TMPDIR" setsid "$@" <&0 >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- {never}>&- &
  launched=$!
}

# The pids of all that came of `launch`; a zombie has no environment, and does not count.
pids() {
  local files
  files=$(grep -lszxF "MARK=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ) || true # some have ended meanwhile
  files=${files//'/proc/'/}
  printf '%s\n' "${files//'/environ'/}"
}

# Whether exactly one among them has a command line that holds a text; its pid is then in `pid`.
one_runs() {
  local one words found=()
  for one in $(pids); do
    mapfile -d '' -t words 2>/dev/null <"/proc/$one/cmdline" || continue # it has ended meanwhile
    if [[ "${words[*]}" == *"$1"* ]]; then found+=("$one"); fi
  done
  ((${#found[@]} == 1)) && pid=${found[0]}
}

nothing_runs() {
  [[ ! $(pids) ]]
}

# Wait until a command succeeds, or has not within the deadline.
eventually() {
  local end=$((SECONDS + deadline_s))
  until "$@"; do
    if ((SECONDS > end)); then
      printf 'has not come true: %s\n' "$*"
      tell_all
      return 1
    fi
    read -rt 0.1 -u "$never" || true
  done
}

tell_all() {
  local file
  for file in "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR"/data/logs/*.log; do
    printf -- '--- %s\n' "$file"
    tail -n 30 "$file" || true
  done
  printf -- '--- processes\n'
  ps -fp "$(pids | paste -sd , -)" 2>/dev/null || true
}

# Whether the server answers with a whole frame; its name is then in `frame`.
answers() {
  local answer=$BATS_TEST_TMPDIR/frame.jpg first last
  [[ -L $STILLCAM_IMAGES/current.jpg ]] || return # for less than a curl
  frame=$(curl -fs --max-time 20 --write-out '%header{etag}' --output "$answer" \
    "http://127.0.0.1:$STILLCAM_PORT/images/current.jpg") || return
  frame=${frame//'"'/}
  LC_ALL=C IFS='' read -rN 2 first <"$answer"
  last=$(tail -c 2 -- "$answer")
  [[ $frame && $first == $'\xff\xd8' && $last == $'\xff\xd9' ]]
}

another_frame_than() {
  [[ ! $STILLCAM_IMAGES/current.jpg -ef $STILLCAM_IMAGES/$1 ]] && answers && [[ $frame != "$1" ]]
}

ended() {
  ! kill -0 "$1" 2>/dev/null
}

# Whether a command succeeds, or the launched one has ended, so that it never will.
or_ended() {
  "$@" || ended "$launched"
}

# Wait until pictures come, and go on coming.
pictures_come() {
  local newest
  eventually or_ended answers
  newest=$frame
  eventually or_ended another_frame_than "$newest"
  if ended "$launched"; then
    printf 'has ended\n'
    tell_all
    return 1
  fi
}

# Wait until the launched command has ended, with a status, and all that came of it; its words are then in `output`.
finished() {
  local status=0
  eventually ended "$launched"
  eventually nothing_runs # what was killed takes a moment to go
  wait "$launched" || status=$?
  output=$(<"$BATS_TEST_TMPDIR/out")
  if ((status != $1)); then
    printf 'has ended with status %s, not %s\n' "$status" "$1"
    tell_all
    return 1
  fi
}

# Whether the launched command has printed a text.
says() {
  grep -qF -- "$1" "$BATS_TEST_TMPDIR/out"
}

lacks() {
  [[ $output != *"$1"* ]]
}

kill_all_launched() {
  local left
  while left=$(pids) && [[ $left ]]; do
    # shellcheck disable=SC2086 # one word for each pid
    kill -KILL $left 2>/dev/null || true
    sleep 0.02
  done
}
