#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt record: bad input of every kind. What it measures is tested in tests/truth and tests/real.

load helper

teardown() {
	[ -z "${LISTENER:-}" ] || kill "$LISTENER" 2>/dev/null || true
	[ -z "${PUBLIC:-}" ] || rm -rf "$PUBLIC"
}

@test "record: unknown options, with the nearest one" {
	refused 2 "unknown option '--prot'" "did you mean '--port'?" -- record --prot 80
	refused 2 "unknown option '--dur'" "did you mean '--duration'?" -- record --dur 1
	refused 2 "unknown option '--zebra'" "'lvt record --help'" -- record --zebra
	refused 2 "unknown option '-x'" "'lvt record --help'" -- record -x
	refused 2 "unexpected word 'redis'" "'--' before COMMAND" -- record redis
	refused 2 "nothing after '--'" "COMMAND" -- record --
}

@test "record: bad ports" {
	for port in 0 65536 -1 http '' 80, ,80 80,,81 '80 81' 8e1 99999999999; do
		refused 2 "option '-p'" "1 to 65535" -- record -p "$port"
		refused 2 "option '--port'" "1 to 65535" -- record --port="$port"
	done
	refused 2 "option '-p' has no value" "PORT" -- record -p
	refused 2 "more than 64 ports" -- record -p "$(seq -s, 1 65)"
}

@test "record: bad times" {
	for time in 0 0.0 -1 inf nan 1e3 5s '' . 31536001; do
		refused 2 "option '-d'" "bad number of seconds '$time'" -- record -d "$time"
		refused 2 "option '-i'" "bad number of seconds '$time'" -- record -i "$time"
	done
	refused 2 "option '--duration' has no value" -- record --duration
}

@test "record: bad process ids" {
	for pid in 0 -1 x 1.5 4194305 ''; do
		refused 2 "option '--pid'" "bad number '$pid'" -- record --pid "$pid"
	done
}

@test "record: bad words and empty names" {
	refused 2 "unknown word 'jsn'" "did you mean 'json'?" -- record --format jsn
	refused 2 "unknown word 'spreadsheet'" "text, json, html, openmetrics or trace" -- record --format spreadsheet
	refused 2 "option '--comm'" "empty" -- record --comm ''
	refused 2 "option '--cgroup'" "empty" -- record --cgroup=
}

@test "record: a process that is not there" {
	needs_root
	sleep 0 &
	gone=$!
	wait "$gone"
	refused 2 "$gone" -- record --pid "$gone" -d 0.1
}

@test "record: a cgroup that is not there, and a folder that is none" {
	needs_root
	refused 2 "/no/such/cgroup" -- record --cgroup /no/such/cgroup -d 0.1
	refused 2 "/etc" "cgroup" -- record --cgroup /etc -d 0.1
}

@test "record: a filter that matches nothing says what does listen" {
	needs_root
	start_listener
	port=$(free_port)
	run_split timeout 20 "$LVT" record -p "$port" -d 0.1
	[[ $err == *"$PORT"* ]]
	[[ $err == *"python"* ]]
}

@test "record: the command that cannot be run" {
	needs_root
	run_split timeout 20 "$LVT" record -d 0.1 -- /no/such/command
	[ "$status" -ne 0 ]
	[[ $err == *"No such file"* ]]
	[ -z "$out" ]
}

@test "record: without rights one line says what is missing" {
	needs_root
	public_lvt
	run_split as_nobody "$PUBLIC/lvt" record -d 0.1
	[ "$status" -eq 1 ]
	one_error_line sudo
	[[ ${err,,} == *cap_bpf* || ${err,,} == *root* ]]
}

@test "record: a full disk is an error" {
	needs_root
	[ -c /dev/full ] || skip "no /dev/full"
	start_listener
	status=0
	timeout 20 "$LVT" record -d 0.2 >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 1 ]
	[ "$(grep -c '^lvt: ' "$BATS_TEST_TMPDIR/err")" -eq 1 ]
	grep -q '^lvt: cannot write the .*: No space left' "$BATS_TEST_TMPDIR/err"
}

@test "record: a reader that goes away ends it with 1" {
	needs_root
	start_listener
	for format in text json; do
		{ status=0
		  timeout 20 "$LVT" record -d 0.2 --format "$format" 2>"$BATS_TEST_TMPDIR/err" ||
			status=$?
		  echo "$status" >"$BATS_TEST_TMPDIR/status"; } | true
		[ "$(cat "$BATS_TEST_TMPDIR/status")" -eq 1 ]
		[ "$(grep -c '^lvt: ' "$BATS_TEST_TMPDIR/err")" -eq 0 ]
	done
}
