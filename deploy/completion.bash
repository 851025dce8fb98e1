# Completion of `stillcam` for bash. An installation has this file in the folder from which
# bash-completion loads it when Tab is first pressed after `stillcam`.

# shellcheck disable=SC1090,SC2148 # printed by the installed version; sourced by bash
source <(stillcam completion bash)
