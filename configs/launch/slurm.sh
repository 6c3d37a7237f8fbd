#!/bin/bash
# Train on two machines of eight GPUs under SLURM, and go on by itself after a time limit or a preemption:
#   sbatch configs/launch/slurm.sh configs/gigaword.yaml
# The run's folder (trainer.default_root_dir) and HF_HOME must lie where all machines see them.
#SBATCH --job-name=seq2seq
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=6
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --output=seq2seq-%j.log
#SBATCH --signal=TERM@180
# SIGTERM three minutes before the limit: the run saves where it stands and ends with status 143.

set -u
config=${1:?usage: sbatch configs/launch/slurm.sh CONFIG [options of seq2seq fit]}
shift
export OMP_NUM_THREADS=${SLURM_CPUS_PER_TASK:-1}
export HF_HOME=${HF_HOME:-$SLURM_SUBMIT_DIR/.cache/huggingface}

srun --kill-on-bad-exit=1 seq2seq fit --config "$config" --resume auto \
  --trainer.num_nodes "$SLURM_NNODES" --trainer.devices 8 --trainer.accelerator gpu --trainer.strategy ddp \
  --trainer.plugins lightning.pytorch.plugins.environments.SLURMEnvironment \
  --trainer.plugins.init_args.auto_requeue false "$@"
status=$?

if [ "$status" -eq 143 ]; then # stopped, not finished: the same job again, which resumes
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
