#!/bin/sh
# Trains a model in a CI job and lets the job pass only if the model is good enough.
#
#   GATES="gate.min.accuracy=0.9 gate.max.loss=0.5" \
#       sh train_and_gate.sh model=cnn data=digits epochs=5
#
# Arguments go to `fmtool train`. From the environment:
#   GATES      quality gates, separated by spaces; they judge the test split
#   ARTIFACTS  the folder to keep, "artifacts" by default. It receives result.json (how training
#              ended, whatever it was), evaluation.json (the report on the saved model) and runs/
#              (the run directory: model.keras, metrics, plots, checkpoints)
#
# The exit code is fmtool's own, and tells the job what to do:
#   0          the model is trained and passes every gate
#   4          the model is trained and misses a gate: a finding about the change, do not retry
#   2, 65, 77  config, data or security: mend the input, do not retry
#   5          the loss became NaN or infinite: mend the settings, do not retry
#   69, 75     a download or a lock: retry
#   71, 73, 74 memory or disk: retry on a larger machine
#   1          a bug in fmtool: report it
#   129, 130, 143  the job was cancelled; a checkpoint of the state is in runs/
set -eu

artifacts=${ARTIFACTS:-artifacts}
mkdir -p "$artifacts"
rm -f "$artifacts/result.json" "$artifacts/evaluation.json"

# GATES is meant to split into words.
# shellcheck disable=SC2086
fmtool train "$@" ${GATES:-} runs_dir="$artifacts/runs" --json >"$artifacts/result.json" &
training=$!
# A runner cancels a job by a signal to this shell. fmtool gets it as TERM, since a shell starts
# background commands with INT ignored.
trap 'kill -s TERM "$training"' HUP INT TERM
code=0
wait "$training" || code=$?
# A signal ends the first wait at once, while fmtool still writes its checkpoint.
while kill -0 "$training" 2>/dev/null; do
    code=0
    wait "$training" || code=$?
done
trap - HUP INT TERM

case $code in
0 | 4) ;; # trained: the report of a model that misses a gate is wanted most of all
*) exit "$code" ;;
esac

# The same gates again, on the saved model in a fresh process; `exec` hands signals and exit code
# over to it.
# shellcheck disable=SC2086
exec fmtool evaluate run=last runs_dir="$artifacts/runs" ${GATES:-} --json \
    >"$artifacts/evaluation.json"
