#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt compare: which runs, what is said of them, and the exit status.

load helper

RUN=$BATS_TEST_DIRNAME/../data/run-1.hlog

setup() {
	cd "$BATS_TEST_TMPDIR"
}

# log FILE SEED FACTOR [TICK]: a log of another tool, in 40 intervals of 200 latencies around FACTOR
# x 1 ms, written as the format has it: V2, not compressed. The column of maxima is in ms.
log() {
	python3 - "$@" <<-'EOF' >"$1"
	import base64, random, struct, sys
	name, seed, factor = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
	tick = float(sys.argv[4]) if len(sys.argv) > 4 else 1e6
	random.seed(seed)

	def varint(n):
	    n, out = (n << 1) ^ (n >> 63), b""
	    while n > 127:
	        out, n = out + bytes([n & 127 | 128]), n >> 7
	    return out + bytes([n])

	for i in range(40):
	    cells = {}
	    for _ in range(200):
	        v = int(factor * 1e6 * (1 + random.expovariate(1)))
	        b = v.bit_length() - 8
	        at = (b << 7) + (v >> b)   # the second half of 256 for each octave
	        cells[at] = cells.get(at, 0) + 1
	    payload, last, top = b"", -1, 0
	    for at in sorted(cells):
	        if at - last > 1:
	            payload += varint(-(at - last - 1))
	        payload += varint(cells[at])
	        last = at
	        top = (at - ((at >> 7) - 1 << 7)) << ((at >> 7) - 1)
	    text = base64.b64encode(struct.pack(">iiiiqqd", 0x1c849313, len(payload), 0, 2, 1,
	                                        1 << 40, 1.0) + payload).decode()
	    print(f"{i}.000,1.000,{top / tick:.3f},{text}")
	EOF
}

# changed OLD NEW: the run with other words in its records, and its checksums made anew.
changed() {
	python3 - "$RUN" "$@" <<-'EOF'
	import sys, zlib
	old, new = sys.argv[2].encode(), sys.argv[3].encode()
	start, crc = b'#[lvt {"crc":"', 0
	for line in open(sys.argv[1], "rb"):
	    line = line.replace(old, new)
	    if line.startswith(start):
	        rest = line[len(start) + 10:]
	        line = start + b'%08x",' % zlib.crc32(rest, crc) + rest
	        crc = 0
	    else:
	        crc = zlib.crc32(line, crc)
	    sys.stdout.buffer.write(line)
	EOF
}

@test "compare: two runs, in words and in JSON" {
	run_split "$LVT" compare "$RUN" "$RUN"
	[ "$status" -eq 0 ]
	[ -z "$err" ]
	[[ $out == "web:6379"*"p99: undecided"*"too few intervals"*"redis-server:6380"* ]]
	[[ $out == *"! runs"*"given more than once"* ]]
	run_split "$LVT" compare "$RUN" -- "$RUN" --format json
	[ "$status" -eq 0 ]
	[ "$(jq -c '[.schema, .method, .intervals.after, .services[0].metrics.p50.ratio,
		(.services | length), (.conditions[] | select(.name == "runs").warns)]' <<<"$out")" = \
		'["lvt.compare/1","within-run",2,1,2,true]' ]
}

@test "compare: HTML is one well-formed page with the figures of the JSON" {
	log before 1 1
	log after 2 1.5
	run_split "$LVT" compare before after --fail-if 'p50>+900%' --format html -o out.html
	[ "$status" -eq 0 ]
	[ -z "$out" ]
	"$LVT" compare before after --fail-if 'p50>+900%' --format json -o out.json
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" out.html out.json
	"$LVT" compare "$RUN" "$RUN" "$RUN" "$RUN" -- "$RUN" "$RUN" "$RUN" "$RUN" --format html -o out.html
	"$LVT" compare "$RUN" "$RUN" "$RUN" "$RUN" -- "$RUN" "$RUN" "$RUN" "$RUN" --format json -o out.json
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" out.html out.json
	run_split "$LVT" compare "$RUN" "$RUN" --format html --fail-if 'p99<1h' -o none.html
	[ "$status" -eq 2 ]
	[ ! -e none.html ]
	run_split "$LVT" compare "$RUN" "$RUN" --format html -o /dev/full
	[ "$status" -eq 1 ]
	[ "$err_lines" -eq 1 ]
}

@test "compare: intervals tell the noise within a run" {
	log a 1 1
	log b 2 1
	log c 3 1.5
	run_split "$LVT" compare a b --primary p50
	[ "$status" -eq 0 ]
	[[ $out == "untagged"*"no difference seen in p50 beyond within-run noise"* ]]
	[[ $out == *"where it moved is not known"* ]]
	[ "$(grep -c 'a is not a run of lvt' <<<"$err")" -eq 1 ]
	[ "$err_lines" -eq 2 ]
	run_split "$LVT" compare a c --primary p50
	[[ $out == *"p50 differs beyond within-run noise"* ]]
	run_split "$LVT" compare a c --format json
	[ "$(jq '[.intervals.before, (.services[0].metrics.p50 | .low > 1.2 and .high < 1.8),
		(.services[0].metrics.p99.beyond | .before > 10 and .before <= 80)]' -c <<<"$out")" = \
		"[40,true,true]" ]
}

@test "compare: several runs a side, by rank" {
	for i in 1 2 3 4; do
		log a$i 1$i 1
		log b$i 2$i 1.5
	done
	run_split "$LVT" compare a? -- b? --format json --delta 1%
	[ "$(jq -c '[.method, .runs.after, .delta, .services[0].verdict.saying]' <<<"$out")" = \
		'["ranks",4,0.01,"higher"]' ]
	run_split "$LVT" compare a? -- b?
	[[ $out == "untagged"*"p99 is higher (worse) after"*"4 runs before, 4 after"* ]]
	run_split "$LVT" compare a? -- b1
	[[ $out == *"4 against 1 runs cannot show any difference"* ]]
}

@test "compare: the exit status of --fail-if" {
	log a 1 1
	log b 2 1.5
	run_split "$LVT" compare a b --fail-if 'p50>+5%'
	[ "$status" -eq 3 ]
	[[ $out == *"fail if p50>+5%: holds"* ]]
	run_split "$LVT" compare a b --fail-if 'p50>+200%' --fail-if 'p90 > 1s'
	[ "$status" -eq 0 ]
	[[ $out == *"fail if p50>+200%: does not hold"* ]]
	run_split "$LVT" compare a b --fail-if 'p50>+200%' --fail-if 'p50>+50%'
	[ "$status" -eq 4 ]
	[[ $out == *"fail if p50>+50%: cannot be decided"* ]]
	run_split "$LVT" compare a b --fail-if 'p50>+5%' --fail-if 'p50>+50%' --fail-if 'p50>+200%'
	[ "$status" -eq 3 ] # one that holds is enough
	run_split "$LVT" compare a b --fail-if 'throughput<-5%' --fail-if 'p50>+5%' --format json
	[ "$status" -eq 3 ]
	[ "$(jq -c '[.fail_if[].answer]' <<<"$out")" = '["cannot_be_decided","holds"]' ]
}

@test "compare: to a file, with the same exit status" {
	log a 1 1
	log b 2 1.5
	run_split "$LVT" compare a b --fail-if 'p50>+5%' --format json -o out.json
	[ "$status" -eq 3 ]
	[ -z "$out" ]
	[ "$(jq -r .schema out.json)" = lvt.compare/1 ]
	[ -z "$(ls ./*.part 2>/dev/null)" ]
	ln -s elsewhere link
	refused 1 "will not write link: it is a symbolic link" -- compare "$RUN" "$RUN" -o link
	refused 1 "No such file" -- compare "$RUN" "$RUN" -o none/x
}

@test "compare: bad words" {
	refused 2 "no run before" "BEFORE... -- AFTER..." -- compare
	refused 2 "no run after" "BEFORE... -- AFTER..." -- compare "$RUN"
	refused 2 "no run after" -- compare "$RUN" --
	refused 2 "no run before" -- compare -- "$RUN"
	refused 2 "which of these 3 runs" "write '--'" -- compare a b c
	refused 2 "unexpected word 'c'" -- compare a -- b -- c
	refused 2 "101 runs after are too many" -- compare a -- $(seq 101)
	refused 2 "unknown word 'p95'" -- compare a b --primary p95
	refused 2 "bad percentage '4'" -- compare a b --level 4
	refused 2 "99.95 % is out of range" -- compare a b --level 99.95
	refused 2 "delta of 100 %" -- compare a -- b --delta 100
	refused 2 "'p99>5%' is not a condition" "sign" -- compare a b --fail-if 'p99>5%'
	refused 2 "unknown word 'yaml'" -- compare a -- b --format yaml
	refused 1 "cannot read a: No such file" -- compare a "$RUN"
	refused 1 "cannot read b: No such file" -- compare "$RUN" -- b
}

@test "compare: damaged, other schema, other units, nothing in common" {
	log other 1 1
	log us 2 0.001 1e3
	sed 's|lvt.run/1|lvt.run/9|' "$RUN" >new.hlog
	refused 1 "new.hlog:3: schema 'lvt.run/9'" -- compare "$RUN" new.hlog
	head -c -30 "$RUN" >cut.hlog
	refused 1 "cut.hlog:$(wc -l <"$RUN"): the line is cut" -- compare "$RUN" cut.hlog
	run_split "$LVT" compare other us
	[ "$status" -eq 1 ]
	[[ $(tail -n 1 <<<"$err") == \
		"lvt: other and us have different units: a value is 1000000 times "*"1000 in"* ]]
	run_split "$LVT" compare "$RUN" other
	[ "$status" -eq 1 ]
	[[ $(tail -n 1 <<<"$err") == *"no service in common: "*" before, untagged after"* ]]
}

@test "compare: an interrupted run, with the warning" {
	head -n -2 "$RUN" >half.hlog
	run_split "$LVT" compare half.hlog "$RUN"
	[ "$status" -eq 0 ]
	[ "$err_lines" -eq 1 ]
	[[ $err == "lvt: warning: half.hlog:"*interrupted* ]]
	[[ $out == *"! duration"*"before 5.0 s; after 10.0 s"* ]]
}

@test "compare: losses are told" {
	changed '"counters":{' '"counters":{"conn_storage":37,' >loss.hlog
	run_split "$LVT" compare "$RUN" loss.hlog
	[ "$status" -eq 0 ]
	[[ $out == *"! loss"*"before 0; after 37"*"runs without loss"* ]]
}

@test "compare: a run without requests, and services that are in one only" {
	# another port, under another name: to be matched by neither
	changed '"port":6380,"comm":"redis-server"' '"port":7777,"comm":"other"' >moved.hlog
	run_split "$LVT" compare "$RUN" moved.hlog
	[[ $out == *"redis-server:6380 is only in runs before"*"other:7777 is only in runs after"* ]]
	# one empty histogram: a tag without a request
	log a 1 1
	printf '0.000,1.000,0.000,%s\n' "$(python3 -c '
import base64, struct
print(base64.b64encode(struct.pack(">iiiiqqd", 0x1c849313, 0, 0, 2, 1, 1 << 40, 1.0)).decode())')" \
		>empty
	run_split "$LVT" compare a empty --fail-if 'p99>+5%'
	[ "$status" -eq 4 ]
	[[ $out == *"p99: undecided; a run has no requests"* ]]
}

@test "compare: many runs in little memory" {
	runs=$(yes "$RUN" | head -n 30)
	# shellcheck disable=SC2086
	run_split python3 -c '
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(status)' "$LVT" compare $runs -- $runs
	[ "$status" -eq 0 ]
	[[ $out == *"30 runs before, 30 after"* ]]
	[ "$(tail -n 1 <<<"$err")" -lt 100000 ] # kB; two services a run
}
