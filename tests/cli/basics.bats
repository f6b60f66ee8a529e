#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# Help, version, unknown words, and output that cannot be written.

load helper

@test "help lists every command" {
	for word in help --help -h; do
		run_split "$LVT" "$word"
		[ "$status" -eq 0 ]
		[ -z "$err" ]
		for command in record top report compare merge trial load sweep lab doctor help version; do
			grep -q "^  $command " <<<"$out"
		done
	done
}

@test "help of a command is the same by every way, and fits 80 columns" {
	for command in record top report compare merge trial load sweep lab doctor help version; do
		COLUMNS=80 run_split "$LVT" help "$command"
		[ "$status" -eq 0 ]
		[ -z "$err" ]
		[[ $out == "Usage: lvt $command"* ]]
		[ "$(wc -L <<<"$out")" -le 80 ]
		first=$out
		COLUMNS=80 run_split "$LVT" "$command" --help
		[ "$out" = "$first" ]
		COLUMNS=80 run_split "$LVT" "$command" -h
		[ "$out" = "$first" ]
	done
}

@test "help of record names every option" {
	run_split "$LVT" help record
	for option in --port --pid --comm --cgroup --duration --interval --format --help; do
		grep -q -e "$option" <<<"$out"
	done
	grep -q -e '-- COMMAND' <<<"$out"
}

@test "version" {
	for word in version --version -V; do
		run_split "$LVT" "$word"
		[ "$status" -eq 0 ]
		[[ $out =~ ^lvt\ [0-9]+\.[0-9]+ ]]
	done
}

@test "no command, unknown command, unknown option" {
	refused 2 "no command" "lvt help" --
	refused 2 "unknown command 'recrod'" "did you mean 'record'?" -- recrod
	refused 2 "unknown command 'xyzzy'" "'lvt help'" -- xyzzy
	refused 2 "unknown command ''" -- ""
	refused 2 "unknown option '--versoin'" "did you mean '--version'?" -- --versoin
	refused 2 "unknown command 'docter'" "did you mean 'doctor'?" -- help docter
	refused 2 "unexpected word 'more'" -- version more
	refused 2 "unexpected word 'more'" -- help record more
}

@test "an error is one line whatever the words hold" {
	refused 2 'a\x1b[31mb\x0ac' -- $'a\e[31mb\nc'
	refused 2 '\xff' -- record $'--\xff'
	refused 2 "unknown command 'aaa" -- "$(printf 'a%.0s' $(seq 5000))"
}

@test "a full disk is an error" {
	[ -c /dev/full ] || skip "no /dev/full"
	for args in help "help record" doctor "doctor --format json"; do
		status=0
		# shellcheck disable=SC2086
		"$LVT" $args >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
		[ "$status" -eq 1 ]
		[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" -eq 1 ]
		grep -q "cannot write the output: No space left" "$BATS_TEST_TMPDIR/err"
	done
}

@test "a closed standard output is an error" {
	status=0
	"$LVT" help >&- 2>"$BATS_TEST_TMPDIR/err" || status=$?
	[ "$status" -eq 1 ]
	grep -q "cannot write the output" "$BATS_TEST_TMPDIR/err"
}

@test "a reader that goes away ends it quietly with 1" {
	for args in "help record" doctor "doctor --format json"; do
		# the reader is gone before the first word is written
		# shellcheck disable=SC2086
		{ sleep 0.2; status=0; "$LVT" $args 2>"$BATS_TEST_TMPDIR/err" || status=$?
		  echo "$status" >"$BATS_TEST_TMPDIR/status"; } | true
		[ "$(cat "$BATS_TEST_TMPDIR/status")" -eq 1 ]
		[ ! -s "$BATS_TEST_TMPDIR/err" ]
	done
	"$LVT" doctor 2>"$BATS_TEST_TMPDIR/err" | head -1 | grep -q kernel
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
}
