#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt lab: what needs neither root nor a run

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir home
	export HOME=$PWD/home LVT_LABS=$BATS_TEST_DIRNAME/../data/labs COLUMNS=80
	unset XDG_STATE_HOME SUDO_UID SUDO_GID
	STATE=$HOME/.local/state/lvt
	WORK=$HOME/lvt-labs/010-slow
}

# FILTER: change the progress as jq says
edit_progress() {
	jq "$1" "$STATE/progress.json" >edited
	cp edited "$STATE/progress.json"
}

# A copy of the labs, to be changed.
own_labs() {
	cp -rL "$LVT_LABS" labs
	export LVT_LABS=$PWD/labs
}

# WORDS ANSWERS: lvt lab WORDS on a terminal on which ANSWERS are typed
on_terminal() {
	printf "$2" | script -qec "'$LVT' lab $1" typescript >/dev/null
}

@test "lab: subcommands, help and what is wrong with words" {
	run_split "$LVT" lab --help
	[ "$status" -eq 0 ]
	[[ $out == *"Usage: lvt lab SUBCOMMAND"* ]]
	while read -r name; do
		run_split "$LVT" lab "$name" --help
		[ "$status" -eq 0 ]
		[[ $out == "Usage: lvt lab $name"* ]]
	done < <("$LVT" lab --help | sed -n '/^Subcommands/,/^$/s/^  \([a-z]*\) .*/\1/p')
	refused 2 "no subcommand" -- lab
	refused 2 "unknown subcommand 'lst'" "'list'" -- lab lst
	refused 2 "unknown lab 'slwo'" "'slow'" -- lab brief slwo
	refused 2 "unexpected word 'b'" -- lab brief slow b
	refused 2 "unknown option '--any'" -- lab start slow --any
	refused 2 "no lab given, and none was started" -- lab brief
	refused 2 "no lab given" -- lab start
	refused 1 "lab 010-slow is not started" "lvt lab start 010" -- lab hint 10
	LVT_LABS=/nowhere refused 1 "there is no folder /nowhere" -- lab list
}

@test "lab list: every lab with its state, in 80 columns" {
	run_split "$LVT" lab list
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[[ $out == *"* 010-slow    A slow answer        5  latency     ready"* ]]
	[[ $out == *"  020-answer  What is the wait?    5  throughput  not here"* ]]
	[[ $out == *"020-answer needs 1024 CPUs"* ]]
	[[ $out == *"0 of 2 passed · * core path · next: 010-slow"* ]]
	[ "$(wc -L <"$BATS_TEST_TMPDIR/out")" -le 80 ]
	[ ! -e "$STATE" ] # looking leaves nothing behind
	own_labs
	sed -i '/^requires/d; s/^title = .*/title = A title that is very much longer than any table has room for/' \
		labs/020-answer/lab.ini
	run_split "$LVT" lab list
	[[ $out == *"A title"*"…  "*"after 010"* ]]
	[ "$(wc -L <"$BATS_TEST_TMPDIR/out")" -le 80 ]
	"$LVT" lab start 10
	edit_progress '.labs["010-slow"].passed = "2026-01-01T00:00:00Z"'
	run_split "$LVT" lab list
	[[ $out == *"latency     passed"*"throughput  ready"*"1 of 2 passed"*"next: 020-answer"* ]]
}

@test "lab: a mistake in a lab is told with file and line" {
	own_labs
	sed -i 's/^minutes = 5/minutes = five/' labs/020-answer/lab.ini
	refused 1 "labs/020-answer/lab.ini:6: minutes = 'five'" "1 to 600" -- lab list
	cp "$BATS_TEST_DIRNAME/../data/labs/020-answer/lab.ini" labs/020-answer
	echo 'There were {run:client.p50} and {nothing}.' >labs/010-slow/theory.md
	run_split "$LVT" lab theory 10
	[ "$status" -eq 1 ]
	[[ $err == *"010-slow/theory.md: {nothing} is unknown"* ]]
}

@test "lab start: a folder of one's own, numbers that stay, nothing overwritten" {
	run_split "$LVT" lab start 10
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[[ $out == *"folder  "*"lvt-labs/010-slow"*"edit    service.c, settings.ini"* ]]
	[ "$(ls -A "$WORK" | sort | xargs)" = ".lvt-lab Makefile service.c service.h settings.ini" ]
	cmp "$WORK/service.c" "$LVT_LABS/010-slow/service.c"
	grep -q '^mode = sleep$' "$WORK/settings.ini"
	rate=$(jq -r '.labs["010-slow"].vars.rate' "$STATE/progress.json")
	[[ $rate =~ ^(200|250|300)$ ]]
	grep -q "$rate requests" "$WORK/settings.ini"
	"$LVT" lab brief | grep -q "answers $rate requests"

	echo mine >>"$WORK/service.c"
	rm "$WORK/Makefile"
	for _ in 1 2 3; do
		run_split "$LVT" lab start slow
		[ "$status" -eq 0 ]
		[[ $out == *"started before"* && $out == *" kept "* ]]
		[ "$(jq -r '.labs["010-slow"].vars.rate' "$STATE/progress.json")" = "$rate" ]
	done
	[ "$(tail -n 1 "$WORK/service.c")" = mine ]
	[ -e "$WORK/Makefile" ]
}

@test "lab start: what is not the lab's folder is left alone; --dir" {
	mkdir -p "$WORK"
	echo mine >"$WORK/a"
	refused 1 "is no folder of lab 010-slow" "--dir DIR" -- lab start 10
	[ "$(ls -A "$WORK")" = a ]
	[ "$(jq '.labs["010-slow"].started' "$STATE/progress.json" 2>/dev/null || echo null)" = null ]
	run_split "$LVT" lab start 10 --dir here
	[ "$status" -eq 0 ]
	[ "$(jq -r '.labs["010-slow"].folder' "$STATE/progress.json")" = "$PWD/here" ]
	[ -e here/service.c ]
	refused 1 "is started in $PWD/here" "reset" -- lab start 10 --dir there
	rm -rf here
	"$LVT" lab start 10 --dir there
	[ -e there/service.c ]
}

@test "lab start: locked, and what the machine has not" {
	refused 1 "lab 020-answer is locked: 010-slow comes before it" "--anyway" -- lab start 20
	refused 5 "needs 1024 CPUs" -- lab start 20 --anyway
	own_labs
	sed -i 's/^requires = .*/requires = root/' labs/020-answer/lab.ini
	run_split "$LVT" lab start 20 --anyway
	[ "$status" -eq 0 ]
}

@test "lab predict: words, units, and not after the baseline" {
	"$LVT" lab start 10
	refused 2 "no terminal to ask" "p50=VALUE" -- lab predict
	refused 2 "does not ask for 'p5'" "'p50'" -- lab predict p5=1
	refused 2 "'fast' is no prediction" "in ms" -- lab predict p50=fast
	refused 2 "'x' is no prediction" -- lab predict 10 p50=1 x
	[ "$(jq '.labs["010-slow"].predictions' "$STATE/progress.json")" = null ]
	run_split "$LVT" lab predict p50=1.5..3 goodput=0.2k
	[ "$status" -eq 0 ]
	[[ $out == *"1.5 ms .. 3.0 ms"*"200 /s"* ]]
	jq -e '.labs["010-slow"].predictions | .p50.low == 1500000 and .p50.high == 3000000 and
		.p50.truth == null and .goodput.low == 200 and .goodput.high == 200' "$STATE/progress.json"
	"$LVT" lab predict 10 p50=700us
	jq -e '.labs["010-slow"].predictions | .p50.high == 700000 and .goodput.low == 200' \
		"$STATE/progress.json"
	edit_progress '.labs["010-slow"].baseline = {at: "2026-01-01T00:00:00Z", figures: {}}'
	refused 1 "too late to predict" "reset" -- lab predict p50=1
}

@test "lab predict: asks on a terminal, until it is an answer" {
	command -v script >/dev/null || skip "no script(1)"
	"$LVT" lab start 10
	on_terminal predict '2..4\nmany\n250\n'
	grep -q '1 of 2: What is the median' typescript
	grep -q 'give a number in /s' typescript
	jq -e '.labs["010-slow"].predictions | .p50.low == 2e6 and .goodput.low == 250' "$STATE/progress.json"
	on_terminal predict '5\n\004' || true # the end of input: nothing is written down
	jq -e '.labs["010-slow"].predictions.p50.low == 2e6' "$STATE/progress.json"
}

@test "lab hint: one after the other, counted, with the learner's own figures" {
	"$LVT" lab start 10
	run_split "$LVT" lab hint --again
	[ "$status" -eq 1 ]
	run_split "$LVT" lab hint
	[ "$status" -eq 0 ]
	[[ $out == "Hint 1 of 3"* && $err == *"2 more"* ]]
	edit_progress '.labs["010-slow"].baseline = {figures: {"client.p50": 2345678, "service.sleep.mean": null}}'
	run_split "$LVT" lab hint
	[[ $out == *"last run was 2.3 ms, of which not measured yet"* ]]
	run_split "$LVT" lab hint
	[[ $out == *"Hint 3 of 3"*'{{ 0 }} is C'* && $err == *"the last one"* ]]
	refused 1 "had all 3 hints" "--again" -- lab hint
	[ "$("$LVT" lab hint --again | grep -c '^Hint')" -eq 3 ]
	[ "$(jq '.labs["010-slow"].hints' "$STATE/progress.json")" = 3 ]
}

@test "lab explain and solution: after a pass, or three honest failures" {
	"$LVT" lab start 10
	refused 1 "not passed, and this tells the answer" "--spoil" -- lab explain
	run_split "$LVT" lab explain --spoil
	[ "$status" -eq 0 ]
	[[ $err == *"tells the answer"* ]]
	edit_progress '.labs["010-slow"].checks = [{verdict: "not met"}, {verdict: "not met"},
		{verdict: "not met", untouched: true}, {verdict: "inconclusive"}]'
	refused 1 "not open yet" "3 checks" "now 2" -- lab solution
	edit_progress '.labs["010-slow"].checks += [{verdict: "not met", figures: {"client.p50": 1000}}]'
	run_split "$LVT" lab solution
	[ "$status" -eq 0 ]
	[[ $out == *"One line"*"--- service.c"*"+++ solution/service.c"*"+static double wait_us = 0"* ]]
	[[ $out == *"guess_us = "[23]*00* ]] # ten times the rate that was drawn
	[[ $out == *"settings.ini"*"mode = none"* ]]
	jq -e '.labs["010-slow"].solution_seen' "$STATE/progress.json"
	edit_progress '.labs["010-slow"].passed = "2026-01-01T00:00:00Z"'
	run_split "$LVT" lab explain
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[[ $out == *"went to 1.0 µs"* ]]
}

@test "lab status and next: what is there, and what to do" {
	run_split "$LVT" lab next
	[[ $out == *"Next: lvt lab start 010"* ]]
	"$LVT" lab start 10
	run_split "$LVT" lab status
	[ "$status" -eq 0 ]
	[[ $out == *"not predicted"*"not run yet"*"hints       0 of 3"*"Next: lvt lab predict"* ]]
	"$LVT" lab predict p50=1..3 goodput=200
	"$LVT" lab next | grep -q 'You are in it. Next: sudo lvt lab run'
	edit_progress '.labs["010-slow"] |= (.baseline = {at: "2026-01-01T00:00:00Z", figures: {}} |
		.predictions.p50.truth = 2100000 | .checks = [{at: "2026-01-01T00:01:00Z", verdict: "not met"}])'
	run_split "$LVT" lab status
	[[ $out == *"1.0 ms .. 3.0 ms, it was 2.1 ms"*"1: not met, 2026-01-01T00:01:00Z"*"sudo lvt lab check"* ]]
	edit_progress '.labs["010-slow"].passed = "2026-01-01T00:00:00Z"'
	"$LVT" lab status | grep -q 'Next: lvt lab explain'
}

@test "lab reset: asks, forgets, and keeps the folder under another name" {
	"$LVT" lab start 10
	"$LVT" lab predict p50=1
	mkdir -p "$STATE/runs/010-slow/check-1" outside
	touch outside/a "$STATE/runs/010-slow/baseline.hlog"
	ln -s "$PWD/outside" "$STATE/runs/010-slow/check-1/link"
	refused 2 "no terminal to ask" "--yes" -- lab reset 10
	refused 2 "no lab given" -- lab reset
	refused 2 "a lab and --all" -- lab reset 10 --all
	refused 1 "lab 020-answer is not started" -- lab reset 20 --yes
	if command -v script >/dev/null; then
		on_terminal 'reset 10' 'n\n' || true
		grep -q 'Forget lab 010-slow (1 prediction, 0 checks, not passed)' typescript
		jq -e '.labs["010-slow"].started' "$STATE/progress.json"
	fi
	run_split "$LVT" lab reset 10 --yes
	[ "$status" -eq 0 ]
	[[ $out == *"$WORK.1" ]]
	[ -e "$WORK.1/service.c" ] && [ ! -e "$WORK" ] && [ ! -e "$STATE/runs/010-slow" ] && [ -e outside/a ]
	jq -e '.labs["010-slow"] == {attempt: 1} and .last == null' "$STATE/progress.json"
	"$LVT" lab start 10
	jq -e '.labs["010-slow"].attempt == 2' "$STATE/progress.json"
	run_split "$LVT" lab reset --all -y
	[ "$status" -eq 0 ]
	[ -e "$WORK.2/service.c" ]
}

@test "lab: damaged progress is kept aside and told once; another schema is refused" {
	"$LVT" lab start 10
	head -c 100 "$STATE/progress.json" >cut
	cp cut "$STATE/progress.json"
	run_split "$LVT" lab list
	[ "$status" -eq 0 ]
	[[ $err == "lvt: warning: the progress was damaged"*"progress.json.damaged-"* ]]
	cmp cut "$STATE"/progress.json.damaged-*
	run_split "$LVT" lab list
	[ -z "$err" ]
	echo '{"schema": "lvt.progress/2", "all": "new"}' >"$STATE/progress.json"
	refused 1 "written by another lvt (lvt.progress/2" -- lab start 10
	grep -q '"all": "new"' "$STATE/progress.json"
}

@test "lab: a disk that is full loses nothing" {
	"$LVT" lab start 10
	cp "$STATE/progress.json" before
	# a limit of the size of files stands for the disk
	full() (
		trap '' XFSZ
		ulimit -f 0
		exec "$LVT" lab "$@" 2>"$BATS_TEST_TMPDIR/pipe"
	)
	mkfifo pipe
	cat pipe >said &
	status=0
	full predict p50=1 >/dev/null || status=$?
	wait $!
	[ "$status" -eq 1 ]
	grep -q 'cannot write .*progress.json.*what it had before is still there' said
	cmp before "$STATE/progress.json"
	[ -z "$(ls "$STATE"/*.part 2>/dev/null)" ]
}

@test "lab: two at a time" {
	"$LVT" lab start 10
	exec 9>"$STATE/lock"
	flock 9
	refused 1 "another lvt is at work on the labs" "wait" -- lab hint
	"$LVT" lab status 9>&- | grep -q 010-slow # looking is not kept out
}

@test "lab: under sudo all belongs to the user" {
	needs_root
	id nobody >/dev/null 2>&1 || skip "no user nobody"
	uid=$(id -u nobody)
	export XDG_STATE_HOME=$HOME/state SUDO_UID=$uid SUDO_GID=$(id -g nobody)
	"$LVT" lab start 10 --dir "$HOME/work/slow"
	"$LVT" lab predict p50=1
	[ -z "$(find "$HOME/state" "$HOME/work" ! -uid "$uid")" ]
	[ -e "$HOME/state/lvt/progress.json" ]
	"$LVT" lab reset 10 --yes
	"$LVT" lab start 10 --dir "$HOME/work/slow"
	[ -z "$(find "$HOME/state" "$HOME/work" ! -uid "$uid")" ]
}
