#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt top: bad input of every kind. What it shows is tested in tests/unit and tests/real.

load helper

# On a terminal of this type: what it prints.
on_terminal() {
	TERM=$1 python3 -c '
import os, pty, sys
status = pty.spawn(sys.argv[1:])
print("status", os.waitstatus_to_exitcode(status))' "$LVT" top "${@:2}" </dev/null
}

@test "top: without a terminal, and --batch as the way out" {
	refused 2 "not on a terminal" "--batch" -- top
	refused 2 "not on a terminal" "--batch" -- top -p 80 -i 0.5
}

@test "top: a terminal that cannot move its cursor, or is not known" {
	for type in dumb no-such-terminal ''; do
		run on_terminal "$type"
		[[ $output == *"lvt: the terminal type '$type' is not known"*"--batch"*"status 2"* ]]
		[ "${#lines[@]}" = 2 ]
	done
}

@test "top: bad options" {
	refused 2 "unknown option '--prot'" "did you mean '--port'?" -- top --prot 80
	refused 2 "unknown word 'rat'" "did you mean 'rate'?" -- top --sort rat
	refused 2 "unexpected word 'redis'" -- top redis
	refused 2 "option '-n' is for --batch" "lvt top --batch -n 3" -- top -n 3
	refused 2 "option '-n'" "bad number '0'" -- top --batch -n 0
	for time in 0 -1 inf 5s ''; do
		refused 2 "option '-i'" "bad number of seconds '$time'" -- top --batch -i "$time"
	done
	refused 2 "option '-p'" "1 to 65535" -- top --batch -p 0
}

@test "top: --help is within 80 columns" {
	run_split "$LVT" top --help
	[ "$status" = 0 ]
	[[ $out == *"--batch"* ]]
	[ "$(wc -L <"$BATS_TEST_TMPDIR/out")" -le 80 ]
}

@test "top: --batch on a full disk says so" {
	needs_root
	status=0
	"$LVT" top --batch -n 1 -i 0.1 >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" = 1 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" = 1 ]
	grep -q '^lvt: cannot write the output: No space left on device$' "$BATS_TEST_TMPDIR/err"
}
