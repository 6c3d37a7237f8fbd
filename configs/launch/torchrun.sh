#!/bin/bash
# Train on two machines (or more) without a scheduler: start this on each of them, with its number and the first one's name.
#   machine 0:  configs/launch/torchrun.sh 0 first-machine configs/gigaword.yaml
#   machine 1:  configs/launch/torchrun.sh 1 first-machine configs/gigaword.yaml
# NODES (2) and DEVICES (8, processes and GPUs a machine) may be set in the environment, PORT (29500) too.
# The run's folder must lie where all machines see it.

set -eu
usage="usage: torchrun.sh NUMBER-OF-THIS-MACHINE NAME-OF-MACHINE-0 CONFIG [options of seq2seq fit]"
number=${1:?$usage} first=${2:?$usage} config=${3:?$usage}
shift 3
NODES=${NODES:-2} DEVICES=${DEVICES:-8}

exec torchrun --nnodes "$NODES" --node_rank "$number" --nproc_per_node "$DEVICES" \
  --master_addr "$first" --master_port "${PORT:-29500}" \
  -m seq2seq fit --config "$config" \
  --trainer.num_nodes "$NODES" --trainer.devices "$DEVICES" --trainer.strategy ddp "$@"
