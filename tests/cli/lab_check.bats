#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt lab run, check and verify, on the labs of tests/data: their order, their faults, what they leave.

load helper

setup() {
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/state HOME=$BATS_TEST_TMPDIR/home
	export LVT_LABS=$BATS_TEST_DIRNAME/../data/labs
	WORK=$HOME/lvt-labs/010-slow
	ANY=(--max-foreign 100000 --max-steal 100000)
	mkdir -p "$HOME"
}

teardown() {
	[ -z "${FULL:-}" ] || umount "$FULL" 2>/dev/null || true
	[ -z "${PUBLIC:-}" ] || rm -rf "$PUBLIC"
}

started() {
	"$LVT" lab start slow >/dev/null
	"$LVT" lab predict 010 p50=1..9 goodput=100..400 >/dev/null
}

# Nothing of a lab runs any more, nor is it changed. Processes of a keeper take a moment to end.
nothing_left() {
	for _ in $(seq 80); do
		pgrep -f "$BATS_TEST_TMPDIR" >/dev/null || break
		sleep 0.1
	done
	! pgrep -af "$BATS_TEST_TMPDIR"
	[ ! -e /run/lvt/journal.json ]
	! ls -d /sys/fs/cgroup/lvt-lab-010* /sys/fs/cgroup/*/lvt-lab-010* 2>/dev/null
}

# Start a check in the background, until its first runs are under way: $CHECK is its pid.
begin_check() {
	"$LVT" lab check --seconds 0.3 "${ANY[@]}" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- 4>&- &
	CHECK=$!
	for _ in $(seq 100); do
		ls "$XDG_STATE_HOME"/lvt/runs/010-slow/check-1/*.load.log >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	cat "$BATS_TEST_TMPDIR/err"
	return 1
}

@test "lab run, check: first started, then predicted" {
	needs_root
	refused 2 "no lab given" -- lab run
	refused 1 "not started" "lvt lab start 010" -- lab run 010
	"$LVT" lab start slow
	refused 1 "lacks 2 predictions" "lvt lab predict 010" -- lab run
	refused 1 "lacks 2 predictions" -- lab check
	refused 2 "unknown option" -- lab check --no-such
	refused 2 "option '--pairs'" -- lab check --pairs 51
	refused 2 "unknown lab 'nosuch'" -- lab verify nosuch
}

@test "lab run, check, verify: a machine or a user that is not fit is told, with status 5" {
	needs_root
	started
	run_split "$LVT" lab verify 020
	[ "$status" -eq 0 ]
	[[ $out == *"skipped: lab 020-answer needs 1024 CPUs"* ]]
	uid=$(id -u nobody 2>/dev/null) || skip "no account nobody"
	public_lvt
	chmod -R a+rwX "$BATS_TEST_TMPDIR"
	run_split as_nobody "$PUBLIC/lvt" lab check
	[ "$status" -eq 5 ] || [ "$status" -eq 1 ]
	[ "$err_lines" -eq 1 ]
}

@test "lab run: the report of both views, what was predicted, and all of it kept" {
	needs_root
	started
	run_split "$LVT" lab run --seconds 0.4
	[ "$status" -eq 0 ]
	[[ $out == *"where it went"*"service.sleep"*"client of 127.0.0.1"*"your predictions"*"you said 1.0 ms .. 9.0 ms, measured"* ]]
	[ -s "$XDG_STATE_HOME/lvt/runs/010-slow/baseline.hlog" ]
	"$LVT" report "$XDG_STATE_HOME/lvt/runs/010-slow/baseline.hlog" >/dev/null
	[ ! -e "$XDG_STATE_HOME/lvt/runs/010-slow/baseline.part" ]
	python3 - "$XDG_STATE_HOME/lvt/progress.json" <<-'END'
	import json, sys
	lab = json.load(open(sys.argv[1]))["labs"]["010-slow"]
	figures = lab["baseline"]["figures"]
	assert 2e6 < figures["client.p50"] < 1e9, figures
	assert lab["predictions"]["p50"]["truth"] == figures["client.p50"]
	END
	nothing_left
}

@test "lab check: one pair shows nothing; each of its legs is told, and what an answer is is not" {
	needs_root
	started
	run_split "$LVT" lab check --pairs 1 --seconds 0.3 "${ANY[@]}"
	[ "$status" -eq 4 ]
	[[ $out == INCONCLUSIVE* ]]
	[[ $out == *"as the client sees it"*"the mechanism, in the kernel"*"guards"*"where the time went"*"next"* ]]
	[[ $out == *"so few runs have no interval"* ]]
	grep -q '"verdict": "inconclusive"' "$XDG_STATE_HOME/lvt/progress.json"
	grep -q '"untouched": true' "$XDG_STATE_HOME/lvt/progress.json"
	! grep -q '"passed":' "$XDG_STATE_HOME/lvt/progress.json"
	nothing_left
}

@test "lab check: the command before that a lab gives has the learner's settings and the shipped program" {
	needs_root
	started
	sed -i 's/^guess_us.*/guess_us = 1234/' "$WORK/settings.ini"
	"$LVT" lab check --pairs 1 --seconds 0.2 "${ANY[@]}" >/dev/null 2>&1 || true
	jq -re .plan.before "$XDG_STATE_HOME/lvt/runs/010-slow/check-1/trial.json" >"$BATS_TEST_TMPDIR/before"
	grep -q -- '--beside 1234$' "$BATS_TEST_TMPDIR/before"
	! grep -q "^$WORK/service" "$BATS_TEST_TMPDIR/before"
	nothing_left
}

@test "lab check: a build error is the compiler's, and one line of lvt's" {
	needs_root
	started
	echo 'int main(void) { return nothing; }' >"$WORK/service.c"
	run_split "$LVT" lab check
	[ "$status" -eq 1 ]
	[[ $err == *"service.c:1:"*"error:"*"nothing"* ]]
	[[ $(tail -1 <<<"$err") == "lvt: 010-slow does not build: "*"make -C $WORK"* ]]
	echo 'int main(void) { return 7; }' >"$WORK/service.c"
	run_split "$LVT" lab run
	[ "$status" -eq 1 ]
	[[ $(tail -1 <<<"$err") == "lvt: the after command ended before it listened (exit status 7)" ]]
	echo 'mode = wrong' >"$WORK/settings.ini"
	refused 1 "settings.ini:1" -- lab check
	rm -r "$WORK"
	refused 1 "has gone" "lvt lab start 010" -- lab run
	nothing_left
}

@test "lab check: Ctrl-C, and another lvt meanwhile: one line each, nothing is left" {
	needs_root
	started
	begin_check
	refused 1 "another lvt is at work on the labs" -- lab check
	kill -INT "$CHECK"
	status=0
	wait "$CHECK" || status=$?
	[ "$status" -eq 1 ]
	[[ $(tail -1 "$BATS_TEST_TMPDIR/err") == "lvt: stopped by a signal"* ]]
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	[ ! -e "$XDG_STATE_HOME/lvt/runs/010-slow/check-1" ]
	! grep -q '"checks"' "$XDG_STATE_HOME/lvt/progress.json"
	nothing_left
}

@test "lab check: killed, it leaves no process, and the next one goes on" {
	needs_root
	started
	begin_check
	kill -KILL "$CHECK"
	wait "$CHECK" || true
	nothing_left
	run_split "$LVT" lab check --pairs 1 --seconds 0.3 "${ANY[@]}"
	[ "$status" -eq 4 ]
	[ "$(ls "$XDG_STATE_HOME/lvt/runs/010-slow")" = check-1 ]
}

@test "lab check: a full disk is one line, and the progress stays" {
	needs_root
	FULL=$BATS_TEST_TMPDIR/full
	mkdir "$FULL"
	mount -t tmpfs -o size=300k none "$FULL" 2>/dev/null || skip "cannot mount"
	export XDG_STATE_HOME=$FULL
	started
	cp "$FULL/lvt/progress.json" "$BATS_TEST_TMPDIR/before"
	mkdir -p "$FULL/lvt/runs/010-slow"
	head -c 400k /dev/zero >"$FULL/fill" 2>/dev/null || true
	run_split "$LVT" lab check --pairs 1 --seconds 0.3 "${ANY[@]}"
	[ "$status" -eq 1 ]
	[[ $(tail -1 <<<"$err") == "lvt: "* ]]
	rm "$FULL/fill"
	cmp "$FULL/lvt/progress.json" "$BATS_TEST_TMPDIR/before"
	nothing_left
}

@test "lab run: under sudo the service is the user's, and so is all that is kept" {
	needs_root
	uid=$(id -u nobody 2>/dev/null) || skip "no account nobody"
	PUBLIC=$(mktemp -d /tmp/lvt-cli-XXXXXX)
	chmod 755 "$PUBLIC"
	cp -rL "$LVT_LABS" "$PUBLIC/labs"
	mkdir "$PUBLIC/state" "$PUBLIC/work"
	chown nobody "$PUBLIC/state" "$PUBLIC/work"
	export LVT_LABS=$PUBLIC/labs XDG_STATE_HOME=$PUBLIC/state
	export SUDO_UID=$uid SUDO_GID=$(id -g nobody)
	"$LVT" lab start slow --dir "$PUBLIC/work/slow"
	"$LVT" lab predict 010 p50=1..9 goodput=100
	sed -i 's/^\tserve(/\tprintf("uid %d\\n", (int)getuid());\n&/' "$PUBLIC/work/slow/service.c"
	"$LVT" lab check --pairs 1 --seconds 0.3 "${ANY[@]}" || [ $? -eq 4 ]
	grep -qx "uid $uid" "$PUBLIC"/state/lvt/runs/010-slow/check-1/*-after.service.log
	[ -z "$(find "$PUBLIC/state" "$PUBLIC/work" ! -user nobody)" ]
}
