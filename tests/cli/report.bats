#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt report, and the run files of lvt record.

load helper

RUN=$BATS_TEST_DIRNAME/../data/run-1.hlog # as the first version wrote it: stays readable

setup() {
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -z "${LISTENER:-}" ] || kill "$LISTENER" 2>/dev/null || true
	[ -z "${PUBLIC:-}" ] || rm -rf "$PUBLIC"
	[ -z "${SMALL:-}" ] || umount "$SMALL"
}

# The listener answers nothing; a request and its answer need a service.
start_echo() {
	python3 -c '
import socketserver, sys
class H(socketserver.BaseRequestHandler):
    def handle(self):
        while (b := self.request.recv(100)):
            self.request.sendall(b)
s = socketserver.ThreadingTCPServer(("127.0.0.1", 0), H)
s.daemon_threads = True
print(s.server_address[1], flush=True)
s.serve_forever()' >"$BATS_TEST_TMPDIR/port" 2>/dev/null 3>&- 4>&- &
	LISTENER=$!
	await_port
}

# Requests to it for so many seconds.
client() {
	echo "import socket, time
s = socket.create_connection(('127.0.0.1', $PORT))
end = time.monotonic() + $1
while time.monotonic() < end:
    s.sendall(b'x'); s.recv(10); time.sleep(0.002)" >client.py
	echo python3 client.py
}

@test "report: text, JSON, OpenMetrics, trace of a run" {
	run_split "$LVT" report "$RUN"
	[ "$status" -eq 0 ]
	[ -z "$err" ]
	[[ $out == *"web1"*":6379"*"service.net"* ]]
	run_split "$LVT" report "$RUN" --slowest 1
	[[ $out == *"#1  12.3 ms"* ]]
	run_split "$LVT" report --format json "$RUN"
	[ "$(jq -r '.schema, .services[0].requests, .services[1].requests' <<<"$out" | xargs)" = \
		"lvt.report/1 1500 1000" ]
	run_split "$LVT" report "$RUN" --format trace
	[ "$(jq '[.traceEvents[] | select(.name == "request")] | length > 0' <<<"$out")" = true ]
}

@test "report: OpenMetrics is well formed" {
	run_split "$LVT" report "$RUN" --format openmetrics
	[ "$status" -eq 0 ]
	openmetrics "$BATS_TEST_TMPDIR/out"
	grep -q '_bucket.* # {client=' "$BATS_TEST_TMPDIR/out" # one of the slowest as an example
}

@test "report: HTML is one well-formed page with the figures of the JSON report" {
	run_split "$LVT" report "$RUN" --format html -o out.html
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	"$LVT" report "$RUN" --format json -o out.json
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" out.html out.json
	grep -q "It has one interval only" out.html
	head -n -2 "$RUN" >half.hlog # interrupted: what there is
	"$LVT" report half.hlog --format html -o half.html
	"$LVT" report half.hlog --format json -o half.json
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" half.html half.json
	head -c -30 "$RUN" >cut.hlog
	refused 1 "cut.hlog:" -- report cut.hlog --format html -o none.html
	[ -z "$(ls none.html* 2>/dev/null)" ]
	run_split "$LVT" report "$RUN" --format html -o /dev/full
	[ "$status" -eq 1 ]
	[ "$err_lines" -eq 1 ]
}

@test "report: to a file" {
	run_split "$LVT" report "$RUN" --format json -o out.json
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	[ "$(jq -r .schema out.json)" = lvt.report/1 ]
	[ "$(ls *.part 2>/dev/null | wc -l)" = 0 ]
	"$LVT" report "$RUN" -o out.json # replaced
	grep -q web1 out.json
	ln -s elsewhere link
	refused 1 "will not write link: it is a symbolic link" -- report "$RUN" -o link
	[ ! -e elsewhere ]
	refused 1 "No such file" -- report "$RUN" -o none/x
}

@test "report: bad words" {
	refused 2 "no run given" "lvt report RUN" -- report
	refused 2 "unexpected word" "b" -- report a b
	refused 2 "unknown word 'yaml'" -- report "$RUN" --format yaml
	refused 1 "cannot read none.hlog: No such file" -- report none.hlog
	refused 1 "it is a folder" -- report .
}

@test "report: damage is told with its line" {
	: >empty.hlog
	refused 1 "empty.hlog:1: the file ends without a histogram" -- report empty.hlog
	printf 'no log\n' >bad.hlog
	refused 1 "bad.hlog:1: neither" -- report bad.hlog
	head -c 100000 /dev/urandom >random.hlog
	refused 1 "random.hlog:" -- report random.hlog
	head -c -30 "$RUN" >cut.hlog
	refused 1 "cut.hlog:$(wc -l <"$RUN"): the line is cut" "without it" -- report cut.hlog
	sed '/^Tag=.*service.disk/{x;s/^/x/;/^x$/{x;d};x}' "$RUN" >lost.hlog
	refused 1 "lost.hlog:" "checksum" -- report lost.hlog
	sed 's|lvt.run/1|lvt.run/9|' "$RUN" >new.hlog
	refused 1 "new.hlog:3: schema 'lvt.run/9'" -- report new.hlog
	(cat "$RUN" && echo x) >more.hlog
	refused 1 "something follows the end" -- report more.hlog
}

@test "report: an interrupted run is read to its last whole interval, with a warning" {
	head -n -2 "$RUN" >half.hlog
	run_split "$LVT" report half.hlog --format json
	[ "$status" -eq 0 ]
	[ "$err_lines" -eq 1 ]
	[[ $err == "lvt: warning: half.hlog:"*"interrupted"*"5.000 s" ]]
	[ "$(jq .services[0].requests <<<"$out")" = 1000 ]
}

other_log() {
	printf '%s\n' '#[StartTime: 1700000000.000 (seconds since epoch)]' \
		'"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"' \
		'0.000,1.000,60.0,HISTFAAAADV4nJNpmSzMwMAgwMDAwMjAwMDMAAGMDAzMbgY7FjDA+Uyn+fn2551gXHiekW1/HAsAp04Ipg=='
}

@test "report: a log of another tool" {
	other_log >other.hlog
	run_split "$LVT" report other.hlog --format json
	[ "$status" -eq 0 ]
	[[ $err == *"not a run of lvt"* ]]
	[ "$(jq -c '[.run.started, .services[0].comm, .services[0].requests,
		.services[0].stages.unattributed.share]' <<<"$out")" = \
		'["2023-11-14T22:13:20Z","untagged",113,1]' ]
	run_split "$LVT" report other.hlog
	[ "$status" -eq 0 ]
}

@test "report: what another tool's log does not tell is unknown, never 0" {
	other_log >other.hlog
	"$LVT" report other.hlog >text 2>/dev/null
	grep -q 'loss not known' text
	grep -q '^untagged ' text
	[ -z "$(grep -E 'loss +0|gaps|0 B/s|0 connections|exchanges|0 processes|:0 |cost|host\?|filter' text)" ]
	"$LVT" report other.hlog --format json >json 2>/dev/null
	# all of these members are there, and null
	jq -e '.services[0] as $s | [.run.host, .run.kernel, .run.cpus, .run.filter, .run.hooks,
		(.loss, .gaps, .notes, .overhead | .[]),
		($s | .port, .pids, .processes, .netns, .foreign_netns, .bytes_in, .bytes_out,
		.connections, .exchanges, .multi_thread, .batches, .multiplexed, .plain_share,
		.blocked_on, .preempted_by, .queue_blocked, .net[], .tcp, .utilisation, .slowest,
		.outbound), $s.littles_law.in_flight_sampled] | length > 55 and all(. == null)' json
	jq -e '.loss | has("total")' json
	jq -e '.warnings[0].id == "latency_only" and .services[0].throughput_rps == 113' json
	"$LVT" report other.hlog --format openmetrics >metrics 2>/dev/null
	grep -q '^lvt_request_latency_seconds_count{service="untagged"} 113' metrics
	[ -z "$(grep -E 'port=|netns=|host=|lvt_events|lvt_exchanges|_bytes|lvt_connections|drops' metrics)" ]
	[ "$("$LVT" report other.hlog --format trace 2>/dev/null | jq .otherData.host)" = null ]
}

@test "record -o: the report of the file is the one printed" {
	needs_root
	start_echo
	run_split "$LVT" record -p "$PORT" -i 0.2 -o run.hlog --format json -- $(client 0.7)
	[ "$status" -eq 0 ]
	"$LVT" report run.hlog --format json >again.json
	cmp again.json "$BATS_TEST_TMPDIR/out"
	[ "$(jq .services[0].requests again.json)" -gt 50 ]
	[ "$(grep -c '^Tag=latency,' run.hlog)" -ge 3 ]
	[ "$(ls run.hlog*)" = run.hlog ]
}

@test "record: HTML to stdout" {
	needs_root
	start_echo
	run_split "$LVT" record -p "$PORT" --format html -i 0.1 -o run.hlog -- $(client 0.4)
	[ "$status" -eq 0 ]
	"$LVT" report run.hlog --format json >run.json
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" "$BATS_TEST_TMPDIR/out" run.json
	"$LVT" report run.hlog --format html >again.html # over time, too
	cmp again.html "$BATS_TEST_TMPDIR/out"
	grep -q '<b>In flight over time</b>' again.html
}

@test "record -o: killed, what there is can be read" {
	needs_root
	start_echo
	$(client 3) 3>&- 4>&- &
	timeout -s KILL 1.5 "$LVT" record -p "$PORT" -i 0.2 -o run.hlog 3>&- 4>&- || true
	run_split "$LVT" report run.hlog.*.part --format json
	[ "$status" -eq 0 ]
	[[ $err == *interrupted* ]]
	[ "$(jq '.services[0].requests > 20 and .run.duration_s > 0.3' <<<"$out")" = true ]
	[ ! -e run.hlog ]
}

@test "record -o: belongs to the invoking user" {
	needs_root
	start_echo
	SUDO_UID=65534 SUDO_GID=65534 timeout 20 "$LVT" record -p "$PORT" -d 0.3 -o run.hlog >/dev/null
	[ "$(stat -c %u:%g run.hlog)" = 65534:65534 ]
}

@test "record -o: a file that cannot be written is told before anything is traced" {
	needs_root
	run_split "$LVT" record -d 0.2 -o none/run.hlog
	[ "$status" -eq 1 ]
	one_error_line "cannot write none/run.hlog: No such file"
	ln -s elsewhere link
	run_split "$LVT" record -d 0.2 -o link
	one_error_line "symbolic link"
}

@test "record -o: without a service there is no file" {
	needs_root
	port=$(free_port)
	run_split timeout 20 "$LVT" record -p "$port" -d 0.5 -i 0.1 -o run.hlog
	[ "$status" -eq 1 ]
	[ -z "$(ls run.hlog* 2>/dev/null)" ]
}

@test "record -o: a full disk is one error, and the report still comes" {
	needs_root
	mkdir small
	mount -t tmpfs -o size=16k none small || skip "no tmpfs"
	SMALL=$PWD/small
	start_echo
	run_split "$LVT" record -p "$PORT" -i 0.1 -o small/run.hlog --format json -- $(client 1)
	[ "$status" -eq 1 ]
	[ "$(grep -c '^lvt: ' <<<"$err")" -eq 1 ]
	[[ $err == *"cannot write small/run.hlog: No space left"*"what came before is in small/run.hlog."* ]]
	[ "$(jq '.services[0].requests > 50' <<<"$out")" = true ]
	[ ! -e small/run.hlog ]
	part=$(ls small/*.part)
	if grep -q '"interval"' "$part"; then
		run_split "$LVT" report "$part"
		[ "$status" -eq 0 ]
	fi
}
