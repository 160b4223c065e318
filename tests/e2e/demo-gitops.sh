#!/bin/bash
# `make demo-gitops`, as people see it.
. "$(dirname "$0")/lib.sh"
SLUICE=$SLUICE examples/gitops/demo >"$dir/demo.log" 2>&1 </dev/null
code=$?
check "it ends well" test "$code" = 0
told() { says "$1" cat "$dir/demo.log"; }
check "a directory becomes what is there" told "Succeeded: successfully synced"
check "a drift is healed" told "it selects the pods of myapp again"
check "a full sync leaves the weights alone" told "still 80 20 %, and the application is Synced"
check "what Git says beside them lands" told "the time-out is 5s, and the weights are 80 20 %"
check "a bad commit is held" told "v1.3.0 stays, though Git says v1.4.0-bad"
check "and says so" told "is not applied again to Rollout myapp-production/myapp"
check "each commit is in the history" told "automated"
