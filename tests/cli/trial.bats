#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt trial: bad input of every kind. What it runs and says is tested in tests/real.

load helper

ARMS=(--before 'exec sleep 9' --after 'exec sleep 9')

teardown() {
	[ -z "${LISTENER:-}" ] || kill "$LISTENER" 2>/dev/null || true
	[ -z "${PUBLIC:-}" ] || rm -rf "$PUBLIC"
}

@test "trial: what is missing is named" {
	refused 2 "no --before given" "--load ARGS" -- trial
	refused 2 "no --after given" -- trial --before x --load-cmd y
	refused 2 "no --load given" -- trial "${ARMS[@]}"
	refused 2 "unexpected word 'x'" -- trial x
}

@test "trial: bad numbers and words" {
	refused 2 "option '--pairs'" "1 to 50" -- trial --pairs 51
	refused 2 "option '--looks'" "1 to 2" -- trial --looks 3
	refused 2 "option '--seconds'" "bad number of seconds" -- trial --seconds 0
	for percent in -1 100 x '' 1e1 nan; do
		refused 2 "option '--delta'" "bad percentage" "0 to 99, such as 2%" -- trial --delta "$percent"
	done
	refused 2 "unknown word 'p98'" "did you mean 'p90'?" -- trial --primary p98
	refused 2 "unknown word 'html'" "text or json" -- trial --format html
	refused 2 "option '-p'" "1 to 65535" -- trial -p 65536
}

@test "trial: a load of its own is looked at before anything is started" {
	needs_root
	own=(trial "${ARMS[@]}" --dir "$BATS_TEST_TMPDIR/t" --load)
	refused 2 "option '--load': option '--rate': bad number 'x'" -- "${own[@]}" '--rate x'
	refused 2 "option '--load': a quote is not closed" -- "${own[@]}" "--rate 5 'x"
	refused 2 "option '--load': load takes one target" -- "${own[@]}" '--rate 5 h:1 p:2'
	refused 2 "option '--load': " "--rate" -- "${own[@]}" '-c 5'
	for words in '-d 3' '--warmup 1'; do
		refused 2 "option '--load': how long it lasts is the trial's" -- "${own[@]}" "--rate 5 $words"
	done
	refused 2 "its seed is the trial's" -- "${own[@]}" '--rate 5 --seed 4'
	refused 2 "goes into the trial's runs" -- "${own[@]}" '--rate 5 -o x'
	refused 2 "goes into the trial's runs" -- "${own[@]}" '--rate 5 --format json'
	refused 2 "lvt load --help" -- "${own[@]}" '-h'
	refused 2 "one load, not two" -- "${own[@]}" '--rate 5' --load-cmd y
	refused 2 "--rate is for --load-cmd" -- "${own[@]}" '--rate 5' --rate 5
	refused 2 "--primary client.p99" "--load" -- trial "${ARMS[@]}" --load-cmd y --primary client.p99
	[ ! -e "$BATS_TEST_TMPDIR/t" ]
}

@test "trial: --resume takes no options but those of the output" {
	refused 2 "--resume goes on as planned" -- trial --resume x --pairs 8
	refused 2 "--resume goes on as planned" -- trial --resume x --delta 0
	refused 2 "--resume goes on as planned" -- trial --delta 2 --resume x
	refused 2 "--resume goes on as planned" -- trial --resume x --primary p50
	needs_root
	refused 1 "cannot open the folder /no/such" -- trial --resume /no/such -o x --format json
	refused 1 "cannot read $BATS_TEST_TMPDIR/trial.json" -- trial --resume "$BATS_TEST_TMPDIR"
	echo '{"schema": "lvt.trial-state/1", "plan": {}}' >"$BATS_TEST_TMPDIR/trial.json"
	refused 1 "is not the state of a trial" -- trial --resume "$BATS_TEST_TMPDIR"
}

@test "trial: bad CPUs" {
	needs_root
	for cpus in x 1 1: :1 1:x 1-:0 2-1:0 '1, 2:0'; do
		refused 2 "option '--cpus'" "1:0 or 2-3:0" -- trial "${ARMS[@]}" --load-cmd y --cpus "$cpus"
	done
	refused 2 "may not use all of the CPUs 1000" -- trial "${ARMS[@]}" --load-cmd y --cpus 1000:0
}

@test "trial: a folder that is not empty is not taken, nor is a link" {
	needs_root
	touch "$BATS_TEST_TMPDIR/x"
	refused 1 "is not empty" "--resume" -- trial "${ARMS[@]}" --load-cmd y --dir "$BATS_TEST_TMPDIR"
	mkdir "$BATS_TEST_TMPDIR/real"
	ln -s real "$BATS_TEST_TMPDIR/link"
	refused 1 "cannot open the folder" -- trial "${ARMS[@]}" --load-cmd y --dir "$BATS_TEST_TMPDIR/link"
	[ -z "$(ls "$BATS_TEST_TMPDIR/real")" ]
}

@test "trial: a port that is in use is told before anything is started" {
	needs_root
	start_listener
	run_split "$LVT" trial -p "$PORT" --before "touch $BATS_TEST_TMPDIR/ran" --after y --load-cmd y \
		--dir "$BATS_TEST_TMPDIR/t"
	[ "$status" -eq 1 ]
	[[ $(tail -1 <<<"$err") == "lvt: port $PORT is in use by python3"* ]]
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
}

@test "trial: without rights one line says what is missing, and no folder is made" {
	needs_root
	public_lvt
	run_split as_nobody "$PUBLIC/lvt" trial "${ARMS[@]}" --load-cmd y --dir "$BATS_TEST_TMPDIR/t"
	[ "$status" -eq 1 ]
	one_error_line sudo
	[ ! -e "$BATS_TEST_TMPDIR/t" ]
}

@test "trial: under sudo arms run as the invoking user, and all files are that user's" {
	needs_root
	uid=$(id -u nobody 2>/dev/null) || skip "no account nobody"
	dir=$(mktemp -d /tmp/lvt-cli-XXXXXX)
	PUBLIC=$dir
	chmod 755 "$dir"
	SUDO_UID=$uid SUDO_GID=$(id -g nobody) run_split "$LVT" trial --before 'id -u; exit 1' \
		--after 'id -u; exit 1' --load-cmd y --dir "$dir/t"
	[ "$status" -eq 1 ]
	grep -qx "$uid" "$dir"/t/*.service.log
	[ "$(find "$dir/t" ! -user nobody | wc -l)" -eq 0 ]
}
