#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Run files and another implementation of HdrHistogram (npm: hdr-histogram-js), both ways. Skipped by
# name where it cannot be installed; the unit tests have vectors that it made.

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

teardown() {
	[ -z "${LISTENER:-}" ] || { kill "$LISTENER" && wait "$LISTENER"; } 2>/dev/null || true
}
