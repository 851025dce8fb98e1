#!/usr/bin/env bats
#
# The set-up promise: `./start_camera_server.sh` gets what is missing, once, and says what it cannot get.

# The helpers and bats set these: root, launched, status, stderr …
# shellcheck disable=SC2154

load helpers

# A copy of the project without a .venv, on a system whose Python lacks all packages.
setup() {
  use_simulated_camera
  copy=$BATS_TEST_TMPDIR/stillcam
  mkdir -p "$copy/python" "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/wheels"
  cp "$root"/*.sh "$copy"
  cp -r "$root/web" "$copy"
  (cd "$root/python" && find . -type f -not -path '*/__pycache__/*' -exec cp --parents -t "$copy/python" {} +)
  PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

teardown() {
  kill_all_launched
}

# Put a python3 first on the PATH.
python3_is() {
  printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/bin/python3"
  chmod +x "$BATS_TEST_TMPDIR/bin/python3"
}

# Wheels that pip can install without a network: each leads to the package that the tests themselves use.
make_wheels() {
  "$root/.venv/bin/python" - "$BATS_TEST_TMPDIR/wheels" <<'EOT'
import pathlib, sys, zipfile
from importlib.metadata import version
import astral, PIL, prometheus_client

for name, module in (("pillow", PIL), ("prometheus_client", prometheus_client), ("astral", astral)):
    place = pathlib.Path(module.__file__).parents[hasattr(module, "__path__")]
    release = f"{name}-{version(name)}"
    info = f"{release}.dist-info"
    files = {
        f"{name}.pth": str(place),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version(name)}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(pathlib.Path(sys.argv[1]) / f"{release}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
EOT
}

@test "a system without venv is told the line to type" {
  python3_is 'exit 1'
  run -1 --separate-stderr "$copy/start_camera_server.sh"
  [[ ${#stderr_lines[@]} == 1 && $stderr == *": sudo apt update && sudo apt install -y python3-venv" ]]
  [[ ! -e $copy/.venv ]]
}

@test "set-up does not empty what .venv is a link to" {
  system_python=$(python3 -c 'import sys; print(sys.executable)')
  python3_is "exec $system_python -S \"\$@\"" # -S: no packages but the standard library
  mkdir "$BATS_TEST_TMPDIR/shared"
  touch "$BATS_TEST_TMPDIR/shared/precious"
  ln -s "$BATS_TEST_TMPDIR/shared" "$copy/.venv"
  run -1 --separate-stderr "$copy/start_camera_server.sh"
  [[ -e $BATS_TEST_TMPDIR/shared/precious ]]
  [[ $stderr == *".venv is a link"* ]]
}

# Run a command as another user than the one to whom all here belongs.
as_another() {
  ((EUID == 0)) || skip "this needs root"
  chmod -R go=rX "$copy"
  chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/bin"
  run -1 --separate-stderr setpriv --reuid=nobody --regid=nogroup --clear-groups env HOME=/ "$@"
  [[ ${#stderr_lines[@]} == 1 ]]
}

@test "what an earlier start with sudo has left is told, with the line to type" {
  python3_is 'case "$*" in *ensurepip*) exit 0 ;; esac; exit 1'
  export STILLCAM_DATA=$copy/data STILLCAM_IMAGES=$copy/images
  as_another "$copy/start_camera_server.sh"
  [[ $stderr == *": $copy belongs to root, "*": sudo chown -R nobody $copy" ]]

  for place in data data/run data/logs; do
    mkdir -p "$copy/$place"
    as_another "$copy/start_camera_server.sh"
    [[ $stderr == *": $copy/$place belongs to root, "*": sudo chown -R nobody $copy/data" ]]
    chown nobody "$copy/$place"
  done
  for file in accounts.db setup-code run/start.lock logs/server.log; do
    touch "$copy/data/$file"
    as_another "$copy/start_camera_server.sh"
    [[ $stderr == *": $copy/data/$file belongs to root, "*": sudo chown -R nobody $copy/data" ]]
    chown nobody "$copy/data/$file"
  done

  as_another "$copy/start_camera_server.sh"
  [[ $stderr == *": $copy belongs to root, "*": sudo chown -R nobody $copy" ]]
  chown nobody "$copy"
  mkdir -p "$copy/.venv/bin"
  chown nobody "$copy/.venv"
  as_another "$copy/start_camera_server.sh"
  [[ $stderr == *": .venv/bin belongs to root, "*": sudo chown -R nobody $copy/.venv" ]]
}

@test "set-up: told when there is no network, done once there is, never again" {
  make_wheels
  system_python=$(python3 -c 'import sys; print(sys.executable)')
  python3_is "exec $system_python -S \"\$@\"" # -S: no packages but the standard library
  export PIP_NO_INDEX=1 PIP_FIND_LINKS='' PIP_CONFIG_FILE=/dev/null PIP_IGNORE_INSTALLED=1

  launch "$copy/start_camera_server.sh"
  finished 1
  [[ ${output##*$'\n'} == *"setup failed"*"check the network and the free space ("[0-9]*" here, "[0-9]*" in /"*"), then start again"* ]]

  rm "$copy/.venv/bin/pip"* # half-made
  PIP_FIND_LINKS=$BATS_TEST_TMPDIR/wheels launch "$copy/start_camera_server.sh"
  pictures_come
  "$copy/start_camera_server.sh" --stop
  finished 0
  [[ $output == *"packages into .venv"* ]]

  python3_is 'exit 1'
  before=$(find "$copy/.venv" -not -path '*/__pycache__*' -printf '%p %i %T@\n' | sort)
  launch "$copy/start_camera_server.sh"
  pictures_come
  "$copy/start_camera_server.sh" --stop
  finished 0
  lacks "installing"
  [[ $(find "$copy/.venv" -not -path '*/__pycache__*' -printf '%p %i %T@\n' | sort) == "$before" ]]
}

@test "TERM in the middle of set-up ends it, and the next start makes it anew" {
  python3_is 'case "$*" in *"-m venv"*) exec sleep 1000 ;; *ensurepip*) exit 0 ;; esac; exit 1'
  launch "$copy/start_camera_server.sh"
  eventually one_runs "sleep 1000"
  kill -TERM "$launched"
  finished 0
}

@test "nothing promises a wheel, which would lack the page and the scripts" {
  tables=$("$root/.venv/bin/python" -c 'import sys, tomllib
print(*tomllib.load(open(sys.argv[1], "rb")))' "$root/pyproject.toml")
  [[ " $tables " != *" build-system "* && " $tables " != *" project "* ]]
  run grep -rIE "pip install( [^ ]+)* (stillcam|\.)( |\`|$)" "$root/README.md" "$root/docs"
  [[ $status == 1 ]]
}
