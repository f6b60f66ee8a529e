#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Run files and other implementations of HdrHistogram, both ways: npm's hdr-histogram-js and, where it
# is installed, the Java library. Skipped by name where they are not to be had; the unit tests have
# vectors.

load helper

VERSION=3.0.1

setup_file() {
	command -v node >/dev/null && command -v npm >/dev/null || return 0
	export LIBRARY=$BATS_FILE_TMPDIR
	(cd "$LIBRARY" && timeout 90 npm install --no-audit --no-fund --prefix "$LIBRARY" \
		"hdr-histogram-js@$VERSION") >"$LIBRARY/log" 2>&1 || true
}

needs_library() {
	[ -n "${LIBRARY:-}" ] || skip "no npm"
	[ -d "$LIBRARY/node_modules/hdr-histogram-js" ] || skip "npm has no registry"
}

interop() {
	NODE_PATH=$LIBRARY/node_modules node "$BATS_TEST_DIRNAME/interop.js" "$@"
}

@test "interop: hdr-histogram-js reads our log, with the figures of our report" {
	needs_library
	run=$BATS_TEST_DIRNAME/../data/run-1.hlog
	"$LVT" report "$run" --format json >"$BATS_TEST_TMPDIR/report.json"
	interop read "$run" "$BATS_TEST_TMPDIR/report.json"
}

@test "interop: hdr-histogram-js reads our log of a load, failed requests too" {
	needs_library
	for run in load-1 run-2; do
		"$LVT" report "$BATS_TEST_DIRNAME/../data/$run.hlog" --format json >"$BATS_TEST_TMPDIR/report.json"
		interop read "$BATS_TEST_DIRNAME/../data/$run.hlog" "$BATS_TEST_TMPDIR/report.json"
	done
}

@test "interop: hdr-histogram-js reads the log of a real redis" {
	needs_library
	needs_root
	command -v redis-server >/dev/null || skip "no redis-server"
	port=$(free_port)
	cd "$BATS_TEST_TMPDIR"
	redis-server --port "$port" --save '' >/dev/null 3>&- 4>&- &
	LISTENER=$!
	for _ in $(seq 100); do
		redis-cli -p "$port" ping >/dev/null 2>&1 && break
		sleep 0.05
	done
	"$LVT" record -p "$port" -i 0.2 -o run.hlog --format json -- \
		redis-benchmark -p "$port" -t get -n 50000 -q >report.json 2>/dev/null
	"$LVT" report run.hlog --format json >again.json
	cmp report.json again.json
	[ "$(grep -c '^Tag=latency,' run.hlog)" -gt 1 ]
	interop read run.hlog report.json
}

@test "interop: we read a log that hdr-histogram-js wrote: tags, units, precisions" {
	needs_library
	cd "$BATS_TEST_TMPDIR"
	interop write log.hlog >want.json
	run_split "$LVT" report log.hlog --format json
	[ "$status" -eq 0 ]
	[[ $err == *"warning: log.hlog is not a run of lvt"* ]]
	echo "$out" >report.json
	interop compare want.json report.json
}

needs_java() {
	JAR=${HDRHISTOGRAM_JAR:-/usr/share/java/hdrhistogram.jar}
	command -v javac >/dev/null || skip "no javac"
	[ -e "$JAR" ] || skip "no $JAR (libhdrhistogram-java)"
}

java_interop() {
	java -cp "$JAR" "$BATS_TEST_DIRNAME/Interop.java" "$@"
}

# The figures of the first service, or the one on a port, are these within a bucket (a 64th).
same_figures() {
	jq -e --arg want "$1" --argjson port "$2" '($want | split(" ") | map(tonumber)) as $w |
		.services[] | select(.port == $port) | .latency_ns |
		[.count, .p50, .p90, .p99, .p99_9, .max] | [., $w] | transpose |
		all((.[0] - .[1] | fabs) <= .[1] / 64) and .[0][0] == .[0][1]' "$3" >/dev/null
}

@test "interop: the Java library reads our log" {
	needs_java
	run=$BATS_TEST_DIRNAME/../data/run-1.hlog
	"$LVT" report "$run" --format json >"$BATS_TEST_TMPDIR/report.json"
	for port in 6379 6380; do
		want=$(java_interop read "$run" "$port/latency")
		same_figures "$want" "$port" "$BATS_TEST_TMPDIR/report.json"
	done
}

@test "interop: the Java library reads our log of a load, failed requests in the last bucket" {
	needs_java
	read -r n p50 p90 p99 p99_9 max <<<"$(java_interop read "$BATS_TEST_DIRNAME/../data/load-1.hlog" client/latency)"
	[ "$n" -eq 2012 ]
	[ "$p99" -lt 10000000 ]
	[ "$p99_9" -gt $((1 << 41)) ]
	[ "$max" -gt $((1 << 41)) ]
}

@test "interop: we read a log that the Java library wrote" {
	needs_java
	cd "$BATS_TEST_TMPDIR"
	want=$(java_interop write log.hlog)
	"$LVT" report log.hlog --format json >report.json 2>/dev/null
	same_figures "$want" null report.json
}

teardown() {
	[ -z "${LISTENER:-}" ] || { kill "$LISTENER" && wait "$LISTENER"; } 2>/dev/null || true
}
