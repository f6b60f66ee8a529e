#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt merge

load helper

RUN=$BATS_TEST_DIRNAME/../data/run-1.hlog

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# The run as if of another host: variant HOST [sed-expression]
variant() {
	sed "s/\"web1\"/\"$1\"/; ${2:-}" "$RUN" | python3 -c '
import re, sys, zlib
crc = 0
for line in sys.stdin.buffer:
    m = re.match(rb"(#\[lvt {\"crc\":\")[0-9a-f]{8}(\",)(.*)", line, re.S)
    crc = zlib.crc32(m[3] if m else line, crc)
    if m:
        line = m[1] + b"%08x" % crc + m[2] + m[3]
        crc = 0
    sys.stdout.buffer.write(line)'
}

@test "merge: one run is the same but for its part" {
	run_split "$LVT" merge "$RUN" -o one.hlog
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	"$LVT" report "$RUN" --format json | jq 'del(.parts)' >a
	"$LVT" report one.hlog --format json >b
	jq 'del(.parts)' b | cmp - a
	jq -e --arg file "$RUN" '.parts == [{"file": $file, "host": "web1", "requests": 2500, "loss": 0,
		"started": "2026-11-23T10:00:00Z", "duration_s": 10}]' b
	[ -z "$(ls *.part 2>/dev/null)" ]
}

@test "merge: two hosts at the same time" {
	variant web2 >two.hlog
	"$LVT" merge "$RUN" two.hlog -o both.hlog
	"$LVT" report "$RUN" --format json >one.json
	"$LVT" report both.hlog --format json >both.json
	jq -e --slurpfile one one.json '$one[0].services[0] as $s | .services[0] |
		.requests == 2 * $s.requests and .throughput_rps == $s.throughput_rps and
		.together_rps == 2 * $s.throughput_rps and .latency_ns.p99 == $s.latency_ns.p99 and
		.pids == null and .window_s == 2 * $s.window_s and
		(.slowest | length) == 2 * ($s.slowest | length)' both.json
	jq -e '.run.host == null and .run.covered_s == 10 and .run.duration_s == 20 and
		([.parts[].host] == ["web1", "web2"])' both.json
	"$LVT" report both.hlog >text
	grep -q '^Linux .* 2 runs of 2 hosts · 20.0 s in all' text
	grep -q '150 /s each · 300 /s together' text
	grep -q 'two.hlog · web2 · 2026-11-23T10:00:00Z' text
	[ -z "$(grep 'host?\|processes)' text)" ]
	"$LVT" report both.hlog --format openmetrics >metrics
	grep -q '^lvt_part_requests_total{file="two.hlog",host="web2",started="2026-11-23T10:00:00Z"} 2500' \
		metrics
	grep -q '^lvt_run_covered_seconds 10' metrics
	[ "$(tail -n 1 metrics)" = '# EOF' ]
}

@test "merge: in two steps or in one, it is the same" {
	variant web2 >b.hlog
	variant web3 's/10:00:00Z/10:00:30Z/' >c.hlog
	"$LVT" merge "$RUN" b.hlog -o ab.hlog
	"$LVT" merge b.hlog c.hlog -o bc.hlog
	"$LVT" merge ab.hlog c.hlog -o left.hlog
	"$LVT" merge "$RUN" bc.hlog -o right.hlog
	"$LVT" merge "$RUN" b.hlog c.hlog -o all.hlog
	cmp left.hlog right.hlog
	cmp left.hlog all.hlog
	[ "$("$LVT" report all.hlog --format json | jq -c '[.run.covered_s, (.parts | length)]')" = '[20,3]' ]
}

@test "merge: what does not add up is refused, and nothing is written" {
	echo before >out.hlog
	refused 1 "cannot add $RUN: it is in already" -- merge "$RUN" "$RUN" -o out.hlog
	variant web2 's|tp_btf/tcp_sendmsg_locked|fentry/tcp_sendmsg|' >hooks.hlog
	refused 1 "cannot add hooks.hlog: its hook for 'send' is fentry" -- merge "$RUN" hooks.hlog -o out.hlog
	refused 1 "cannot read none.hlog" -- merge "$RUN" none.hlog -o out.hlog
	head -c -30 "$RUN" >cut.hlog
	refused 1 "cut.hlog:$(wc -l <"$RUN"): the line is cut" -- merge cut.hlog -o out.hlog
	[ "$(cat out.hlog)" = before ]
	[ -z "$(ls *.part 2>/dev/null)" ]
	refused 1 "No such file" -- merge "$RUN" -o none/out.hlog
}

@test "merge: bad words" {
	refused 2 "no run given" "lvt merge RUN... -o FILE" -- merge -o out.hlog
	refused 2 "no file to write to" "lvt merge RUN... -o FILE" -- merge "$RUN"
	refused 2 "unknown option '--out'" -- merge "$RUN" --out x
	run_split "$LVT" merge --help
	[ "$status" -eq 0 ]
	[[ $out == *"lvt merge RUN... -o FILE"* ]]
}

@test "merge: an interrupted run is told and added up to where it is whole" {
	head -n -2 "$RUN" >half.hlog
	run_split "$LVT" merge half.hlog -o out.hlog
	[ "$status" -eq 0 ]
	[[ $err == "lvt: warning: half.hlog:"*"interrupted"* ]]
	[ "$("$LVT" report out.hlog --format json | jq '.parts[0].requests')" -lt 2500 ]
}

@test "merge: logs of another tool stay what they are" {
	printf '%s\n' '#[StartTime: 1700000000.000 (seconds since epoch)]' \
		'Tag=a,0.000,1.000,60.0,HISTFAAAADV4nJNpmSzMwMAgwMDAwMjAwMDMAAGMDAzMbgY7FjDA+Uyn+fn2551gXHiekW1/HAsAp04Ipg==' \
		'Tag=b,0.000,1.000,60.0,HISTFAAAADV4nJNpmSzMwMAgwMDAwMjAwMDMAAGMDAzMbgY7FjDA+Uyn+fn2551gXHiekW1/HAsAp04Ipg==' \
		>x.hlog
	sed 's/1700000000/1700000050/; s/Tag=b/Tag=c/' x.hlog >y.hlog
	"$LVT" merge x.hlog y.hlog -o xy.hlog 2>err
	[ "$(grep -c 'not a run of lvt' err)" -eq 2 ]
	run_split "$LVT" report xy.hlog --format json
	jq -e '.loss.total == null and [.parts[].loss] == [null, null] and
		(.services | map([.comm, .port, .requests])) ==
		[["a", null, 226], ["b", null, 113], ["c", null, 113]]' <<<"$out"
	refused 1 "cannot add $RUN: a run of lvt and a log of another tool" -- merge xy.hlog "$RUN" -o z.hlog
}
