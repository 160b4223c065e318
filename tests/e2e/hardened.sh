#!/bin/bash
# The program that is released has what makes a fault in it harder to use.
. "$(dirname "$0")/lib.sh"
program=./sluice
headers=$(readelf -hlW "$program") dynamic=$(readelf -dW "$program") symbols=$(nm -D "$program")
has() { grep -qE "$2" <<<"$1"; }
check "it is position-independent" has "$headers" 'Type: +DYN'
check "as a program" has "$dynamic" 'FLAGS_1.* PIE'
check "its relocations are read-only" has "$headers" 'GNU_RELRO'
check "all of them, from the start" has "$dynamic" 'BIND_NOW'
check "its stack is no program" has "$headers" 'GNU_STACK.* RW '
check "no part of it is both written and run" fails has "$headers" 'LOAD.* RWE '
check "stacks are protected" has "$symbols" '__stack_chk_fail'
check "copies are bounded" has "$symbols" '__(memcpy|snprintf|vsnprintf|printf|fprintf)_chk'
check "by FORTIFY 3, as the Makefile requests" grep -q 'D_FORTIFY_SOURCE=3' Makefile
if [ "$(uname -m)" = x86_64 ]; then
	check "calls and returns are checked (CET)" has "$(readelf -nW build/cli/main.o)" 'IBT.*SHSTK'
fi
check "and no search path of this machine's is in it" fails has "$dynamic" 'R(UN)?PATH'
strip -o "$dir/stripped" "$program"
size=$(stat -c %s "$dir/stripped")
# Commit 3cf8b76 had 1,563,072 bytes. Since then: Flux's HelmReleases 45,000, doctor and the other commands of the article
# 60,000, Gateway API 25,000, Deployments and CustomResourceDefinitions on the laptop cluster 30,000, which was 1,727,000. Then
# (text and data of new objects, by size): metric providers 70,000, other routers 56,000, the dashboard for a team with its login
# 56,000, plans 31,000, comparisons 22,000; and 85,000 in objects that existed, such as the rows of fields: 2,050,816. Then
# further routers with ALB's verification, mirrors, affinity and a hook 44,000, sluice backtest 39,000, sluice simulate 27,000,
# the evaluation of PromQL 10,000, sluice analyze 9,000, XML and random numbers 7,000: 2,218,752. Then watches of definitions, plots of
# evidence, metrics of gates and addresses in target groups 61,000; warnings of lint, pictures of evidence, accounts in doctor and the
# keys of argocd-cm 25,000 (not measured one by one): 2,304,768. Then limits of comparisons, more of analyze and backtest 20,000, and
# kinds, namesakes, queries and comparisons in lint 8,000: 2,333,456.
check "it is smaller than 2.35 MB without its symbols: $size bytes" [ "$size" -lt 2350000 ]
