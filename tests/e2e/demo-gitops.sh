#!/bin/bash
# The output of `make demo-gitops`.
. "$(dirname "$0")/lib.sh"
SLUICE=$SLUICE examples/gitops/demo >"$dir/demo.log" 2>&1 </dev/null
code=$?
check "the demo succeeds" test "$code" = 0
log_has() { says "$1" cat "$dir/demo.log"; }
check "the directory is synced" log_has "Succeeded: successfully synced"
check "self-heal reverts a drift" log_has "it selects the pods of myapp again"
check "a sync during a canary keeps the weights" log_has "still 80 20 %, and the Application is Synced"
check "another change in Git is applied during a canary" log_has "the timeout is 5s, and the weights are 80 20 %"
check "a bad commit is held" log_has "v1.3.0 remains, although Git has v1.4.0-bad"
check "the condition of a held commit names the Rollout" log_has "is not applied again to Rollout myapp-production/myapp"
check "each commit is in the history" log_has "automated"
