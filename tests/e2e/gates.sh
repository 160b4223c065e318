#!/bin/bash
# The figures of examples/gates/README.md: what `sluice backtest` reports of the article's templates and of the comparison, on
# the history of history.awk in a real Prometheus. With an argument, `tests/e2e/gates.sh print`, it prints the table.
. "$(dirname "$0")/lib.sh"
until=2024-06-01T06:00:00Z
awk -f tests/e2e/backtest/history.awk -v end="$(date -u -d $until +%s)" -v hours=6 -v releases=good,errors5,good,slow2,good \
	>"$dir/history" 2>"$dir/releases"
promtool tsdb create-blocks-from openmetrics "$dir/history" "$dir/tsdb" >"$dir/promtool.log" 2>&1 || { cat "$dir/promtool.log"; exit 1; }
port=$(free_port)
echo "global: {}" >"$dir/prometheus.yaml"
prometheus --config.file="$dir/prometheus.yaml" --storage.tsdb.path="$dir/tsdb" --storage.tsdb.retention.time=100y \
	--web.listen-address=127.0.0.1:$port >"$dir/prometheus.log" 2>&1 &
prometheus=$!
within 20 grep -q "Server is ready" "$dir/prometheus.log" || { cat "$dir/prometheus.log"; exit 1; }

article="-f examples/seed/analysis-templates.yaml -a service-name=myapp -a namespace=shop --rollout myapp"
# rows TEMPLATE ARGS...: a row of the table for each metric.
rows() {
	"$SLUICE" backtest "$@" --prometheus http://127.0.0.1:$port --until $until --past 6h --minutes 14 --effects 2,3,5,10 -o json |
		jq -r '.template as $t | .falseAlarms as $f | .metrics[] |
			"| `\($t)` | \(.name) | " + ([.effects[] | "\(100 * .stopped / .releases | round) %" +
			(if .medianSeconds == null or .effect == 1 then "" else " (\(.medianSeconds) s)" end)] | join(" | ")) + " |"'
}
table() {
	rows error-rate-analysis $article
	rows response-time-analysis $article
	rows compare -f examples/gates/compare.yaml -a job=myapp -a namespace=shop
}
table >"$dir/table"
if [ "${1:-}" = print ]; then cat "$dir/table"; fi
check "each metric has a row" [ "$(wc -l <"$dir/table")" = 4 ]
documented() { sed -n '/^| `.*%/p' examples/gates/README.md | diff - "$dir/table"; }
check "examples/gates/README.md has what backtest reports" documented
kill $prometheus
wait $prometheus
