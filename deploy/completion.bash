# Completion of `stillcam` for bash. deploy/install.sh links this file into the folder from which
# bash-completion loads it when Tab is first pressed after `stillcam`.

# shellcheck disable=SC1090,SC2148 # printed by the installed version; sourced by bash
source <(stillcam completion bash)
