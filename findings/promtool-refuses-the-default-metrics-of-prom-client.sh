#!/usr/bin/env bash
# Finding: the metrics that prom-client collects by itself do not pass Prometheus' own `promtool check metrics`.
# Versions: prom-client 15.1.3; promtool of the Debian package prometheus (2.42.0 when this was written).
# One would expect: the most used client library of Node exposes what the linter of the same project accepts.
# What happens: `collectDefaultMetrics` names three gauges with `_total`, the ending of counters. promtool
#   reports each of them and exits with 3.
# Why it matters: a check of `/metrics` in CI fails on the first day for names that are not one's own. Rules
#   that treat `_total` as a counter take `rate()` of a gauge. Leave these three out, or check one's own metrics
#   apart.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
command -v promtool >/dev/null || { echo 'This needs the Debian package prometheus.'; exit 2; }
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts prom-client@15.1.3 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"
promtool --version 2>&1 | head -1

cat >main.mjs <<'JS'
import client from 'prom-client'

client.collectDefaultMetrics()
process.stdout.write(await client.register.metrics())
JS

cat >expected <<'TEXT'
nodejs_active_handles_total non-counter metrics should not have "_total" suffix
nodejs_active_requests_total non-counter metrics should not have "_total" suffix
nodejs_active_resources_total non-counter metrics should not have "_total" suffix
promtool exits with 3
TEXT

timeout 60 node main.mjs >metrics || exit 2
{
  timeout 20 promtool check metrics <metrics 2>&1
  echo "promtool exits with $?"
} | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
