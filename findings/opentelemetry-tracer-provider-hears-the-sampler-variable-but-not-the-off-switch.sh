#!/usr/bin/env bash
# Finding: a tracer provider made by hand obeys `OTEL_TRACES_SAMPLER` and ignores `OTEL_SDK_DISABLED` and
#   `OTEL_SERVICE_NAME`.
# Versions: @opentelemetry/sdk-trace-node 2.12.0, @opentelemetry/resources 2.12.0.
# One would expect: the general variables of the OpenTelemetry specification all work, or none does.
# What happens: with `OTEL_SDK_DISABLED=true` spans are made and exported. `OTEL_SERVICE_NAME` and
#   `OTEL_RESOURCE_ATTRIBUTES` do not change the resource: the service is `unknown_service:node`.
#   `OTEL_TRACES_SAMPLER=always_off` does stop the spans. Only the separate package sdk-node reads them all.
# Why it matters: an operator who turns tracing off in an emergency sees the one variable work and the other
#   not. Services started with the standard variables report under one unknown name. The application has to read
#   these variables itself.
# Exit codes: 0 as described, 1 the behaviour changed, 2 it cannot run here.
set -uo pipefail
work=$(mktemp -d) || exit 2
for name in ${!OTEL_*}; do unset "$name"; done
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 2
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @opentelemetry/api@1.9.1 \
  @opentelemetry/sdk-trace-node@2.12.0 \
  @opentelemetry/resources@2.12.0 ||
  { echo 'npm could not install the packages.'; exit 2; }
echo "Node $(node --version)"

cat >main.mjs <<'JS'
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node'

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.getTracer('finding').startSpan('work').end()
await provider.forceFlush()
const [span] = exporter.getFinishedSpans()
console.log(span ? `exported, as ${span.resource.attributes['service.name']}` : 'nothing exported')
JS

cat >expected <<'TEXT'
no variable
exported, as unknown_service:node
OTEL_SDK_DISABLED=true
exported, as unknown_service:node
OTEL_SERVICE_NAME=gateway
exported, as unknown_service:node
OTEL_TRACES_SAMPLER=always_off
nothing exported
TEXT

{
  echo 'no variable'
  timeout 30 node main.mjs 2>&1
  for variable in OTEL_SDK_DISABLED=true OTEL_SERVICE_NAME=gateway OTEL_TRACES_SAMPLER=always_off; do
    echo "$variable"
    env "$variable" timeout 30 node main.mjs 2>&1
  done
} | tee seen
if diff "$work/expected" "$work/seen"; then
  echo 'As described.'
else
  echo 'The behaviour changed: "<" is described, ">" was seen.'
  exit 1
fi
