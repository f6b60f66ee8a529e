#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# The client's view in run files: a load alone, and one beside the service that it loaded.

load helper

ALONE=$BATS_TEST_DIRNAME/../data/load-1.hlog # 12 of 2,012 requests failed
BOTH=$BATS_TEST_DIRNAME/../data/run-2.hlog

setup() {
	cd "$BATS_TEST_TMPDIR"
}

@test "client: the report of a load alone" {
	run_split "$LVT" report "$ALONE"
	[ "$status" -eq 0 ]
	[ -z "$err" ]
	[[ $out == *"client of 127.0.0.1:6379 · redis GET k"*"2,012 requests"* ]]
	[[ $out == *"p99.9 failed  max failed"* ]]
	[[ $out == *"failed: 12 of 2,012 requests"* ]]
	[[ $out != *"the trace"* ]]
	[[ $out != *"nothing was traced"* ]]
	run_split "$LVT" report "$ALONE" --format json
	[ "$status" -eq 0 ]
	jq -e '.services == [] and .warnings == [] and .run.hooks == null and .loss.total == null' <<<"$out"
	jq -e '.clients | length == 1' <<<"$out"
	jq -e '.clients[0] | .ok == 2000 and .failed == 12 and .errors == {timeout: 8, reset: 4} and
		.latency_ns.p99_9 == null and .latency_ns.max == null and .latency_ns.p99 > 1e6 and
		.between_mean_ns == null and .closed_connections == 2' <<<"$out"
	# the parts add up to the latency
	jq -e '.clients[0] | (.lateness_ns.mean + .connection_ns.mean + .answer_ns.mean -
		.latency_ns.mean | fabs) < 0.01' <<<"$out"
}

@test "client: after its service, with what lies between" {
	run_split "$LVT" report "$BOTH"
	[ "$status" -eq 0 ]
	[[ $out == *":6379 redis-server"*"client of 127.0.0.1:6379"*"the trace"* ]]
	[[ $out == *"113 µs in the service (kernel) + 40 µs between"* ]]
	run_split "$LVT" report "$BOTH" --format json
	jq -e '(.services | length) == 1 and (.clients[0] | (.kernel_latency_mean_ns + .between_mean_ns -
		.answer_ns.mean | fabs) < 0.01)' <<<"$out"
}

@test "client: OpenMetrics, HTML and trace of both" {
	for run in "$ALONE" "$BOTH"; do
		"$LVT" report "$run" --format openmetrics >metrics
		openmetrics metrics
		grep -q '^lvt_client_answered_total{client="1",target="127.0.0.1:6379",protocol="redis",request="GET k"} 2000' metrics
		"$LVT" report "$run" --format html >page.html
		"$LVT" report "$run" --format json >page.json
		python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" page.html page.json
		grep -q '<b>Latency over time</b>' page.html
		"$LVT" report "$run" --format trace | jq -e .traceEvents
	done
	"$LVT" report "$ALONE" --format openmetrics >metrics
	grep -q '^lvt_client_latency_quantiles_seconds{.*quantile="0.999"} +Inf' metrics
	grep -q '^lvt_client_latency_seconds_bucket{.*le="68.71947674"} 2000' metrics
	grep -q '^lvt_client_latency_seconds_bucket{.*le="+Inf"} 2012' metrics
	[ -z "$(grep '^lvt_events' metrics)" ]
}

# The client of the second is another host's.
@test "client: merged" {
	sed 's/"web1"/"web2"/' "$ALONE" | python3 -c '
import re, sys, zlib
crc = 0
for line in sys.stdin.buffer:
    m = re.match(rb"(#\[lvt {\"crc\":\")[0-9a-f]{8}(\",)(.*)", line, re.S)
    crc = zlib.crc32(m[3] if m else line, crc)
    if m:
        line, crc = m[1] + b"%08x" % crc + m[2] + m[3], 0
    sys.stdout.buffer.write(line)' >two.hlog
	run_split "$LVT" merge "$ALONE" two.hlog -o both.hlog
	[ "$status" -eq 0 ]
	"$LVT" report both.hlog --format json >json
	jq -e '.clients | length == 1' json
	jq -e '.clients[0] | .ok == 4000 and .failed == 24 and .duration_s == 16 and .rate_achieved == 250' json
	jq -e '[.parts[].requests] == [2012, 2012]' json
	"$LVT" report both.hlog | grep -q '^  parts '
	refused 1 "cannot add $ALONE: it is in already" -- merge "$ALONE" "$ALONE" -o twice.hlog
}

@test "client: compared" {
	run_split "$LVT" compare "$BOTH" -- "$ALONE"
	[ "$status" -eq 0 ]
	[[ $out == *"client of 127.0.0.1:6379 "*"2,000 requests before, 2,012 after"* ]]
	[[ $out == *"p99.9 "*"failed"* ]]
	[[ $out == *"redis-server:6379 is only in runs before"* ]]
	[[ $out != *"where it moved"* ]]
	run_split "$LVT" compare "$BOTH" -- "$ALONE" --format json
	jq -e '.services | length == 1 and .[0].client and .[0].name == "client of 127.0.0.1:6379" and
		.[0].anatomy == [] and .[0].metrics["p99.9"].after == null' <<<"$out"
	run_split "$LVT" compare "$ALONE" -- "$ALONE" --fail-if 'p90>1ms' --fail-if 'p50<1us'
	[ "$status" -eq 0 ]
	run_split "$LVT" compare "$ALONE" -- "$ALONE" --fail-if 'p90>1us'
	[ "$status" -eq 3 ]
}

@test "client: a damaged record is told with its line" {
	sed 's/"rate_intended":250/"rate_intended":251/' "$ALONE" >bad.hlog
	refused 1 "bad.hlog:" "the checksum is wrong" -- report bad.hlog
	line=$(grep -n '"client":{' "$ALONE" | cut -d: -f1)
	sed "${line}s/\"target\":\"/\"target\":1,\"x\":\"/" "$ALONE" >bad.hlog
	refused 1 "bad.hlog:$line: the client's 'target' is wrong" -- report bad.hlog
	grep -v '"client":{' "$ALONE" >bad.hlog
	refused 1 "bad.hlog:$line: a histogram of no service or client that was declared" -- report bad.hlog
	head -n -1 "$ALONE" >cut.hlog # interrupted: what there is
	run_split "$LVT" report cut.hlog --format json
	[ "$status" -eq 0 ]
	[[ $err == *"interrupted"* ]]
	jq -e '.clients[0].ok == 1500' <<<"$out"
}
