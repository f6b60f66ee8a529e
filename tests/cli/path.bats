#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt path: the course's own path and articles, with the labs of the tests

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir home
	cp -rL "$BATS_TEST_DIRNAME/../data/labs" labs
	cp -r "$BATS_TEST_DIRNAME"/../../labs/{path.ini,articles} labs
	export HOME=$PWD/home LVT_LABS=$PWD/labs COLUMNS=80
	unset XDG_STATE_HOME SUDO_UID SUDO_GID PAGER
	STATE=$HOME/.local/state/lvt
}

# Every name of what is read, in the path's order.
names() {
	sed -n 's/^\[\(unit\|resource\|walk\) \(.*\)\]/\2/p' labs/path.ini
}

# FILTER: the progress of a learner, as jq makes it from one with nothing
write_progress() {
	mkdir -p "$STATE"
	jq -n '{schema: "lvt.progress/1", read: {}, labs: {}} | '"$1" >"$STATE/progress.json"
}

@test "path: fresh: all of it in a screen, and nothing is written" {
	run_split "$LVT" path
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[ "$(wc -L <"$BATS_TEST_TMPDIR/out")" -le 80 ]
	[[ $out == "Latency vs Throughput ─"*" 0 of 7 units · 0 of 1 labs"* ]]
	[[ $out == *"1 Foundations ─"*" 0 of 2"*"2 Core Concepts ─"*" locked: phase 1 first"* ]]
	[[ $out == *"▸ 1.1  Performance Metrics Basics          20 min  next"* ]]
	[[ $out == *"– 1.2  Latency vs Throughput Trade-offs    25 min  locked: 1.1 first"* ]]
	[[ $out == *"– 3.2  Real-world Case Studies             30 min  locked: phase 2 first"* ]]
	[[ $out == *"· 010 A slow answer                  5 min  not started"* ]]
	[[ $out == *"– 020 What is the wait? (extra)      5 min  not possible here"*"1024 CPUs"* ]]
	[[ $out == *"left         3 h 15 min: 3 h 10 min of articles, 5 min of labs"* ]]
	[[ $out == *"predictions  none yet"*"next         lvt path 1.1   (Performance Metrics Basics)" ]]
	[ ! -e home/.local ]
}

@test "path: mid-way: read, locked, predicted, next" {
	write_progress '.read["performance-metrics-basics"] = "T" | .labs["010-slow"] = {started: "T",
		predictions: {a: {low: 1, high: 4, at: "T", truth: 4}, b: {low: 8, high: 8, at: "T", truth: 4}},
		baseline: {at: "T", figures: {}}, checks: [{at: "T", verdict: "inconclusive"}]}'
	run_split "$LVT" path
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[[ $out == *"what latency and throughput are · article read"* ]]
	[[ $out == *"▸ 010 A slow answer                  5 min  inconclusive, 1 check"* ]]
	[[ $out == *"locked: 1.1 first"* ]]
	[[ $out == *"2 scored, half of them within a factor of 2; 1 of 1 intervals held"* ]]
	[[ $out == *"next         sudo lvt lab check 010   (A slow answer, 5 min)" ]]
	run_split "$LVT" path --checklist
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[[ $out == *"[ ] Phase 1, Foundations   0 of 2"*"lab 010 inconclusive, 1 check"* ]]
	[[ $out == *"article not read"*"Optimization Strategies: not read"* ]]
	run_split "$LVT" path --format json
	[ "$(jq -r '.schema, .next.lab, .predictions.intervals_held, .phases[1].locked_by' <<<"$out" |
		paste -sd' ')" = "lvt.path/1 010-slow 1 phase 1" ]
}

@test "path: all done" {
	mkdir -p "$STATE"
	jq -n --args '{schema: "lvt.progress/1", labs: {"010-slow": {passed: "T"}},
		read: ($ARGS.positional | map({(.): "T"}) | add)}' $(names) >"$STATE/progress.json"
	run_split "$LVT" path
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[[ $out == *" 7 of 7 units · 1 of 1 labs"*"left         nothing of the core path"* ]]
	[[ $out == *"next         Everything is done." ]]
	[[ $out != *"locked"* ]]
	run_split "$LVT" path --checklist
	[[ $out == "Completion checklist ─"*" complete"* ]]
	[ "$(grep -c '^  \[x\] ' <<<"$out")" -eq 4 ]
}

@test "path: damaged progress is kept aside, one of another schema is refused" {
	mkdir -p "$STATE"
	echo '{"schema": "lvt.progress/1", "read": ' >"$STATE/progress.json"
	run_split "$LVT" path
	[ "$status" -eq 0 ]
	[ "$err_lines" -eq 1 ]
	[[ $err == "lvt: warning: the progress was damaged, and starts anew; kept as $STATE/progress.json.damaged-"* ]]
	[[ $out == *"0 of 7 units"* ]]
	grep -q '"read": $' "$STATE"/progress.json.damaged-*
	run_split "$LVT" path
	[ -z "$err" ]
	echo '{"schema": "lvt.progress/2"}' >"$STATE/progress.json"
	refused 1 "lvt.progress/2" -- path
}

@test "path UNIT: by number, name and begin; read is marked, what is locked may be read" {
	run_split "$LVT" path 1.1
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[[ $out == "Performance metrics basics"$'\n'"═════"* ]]
	[[ $out != *"locked"* && $out != *"{run:"* ]]
	[ "$(jq -r '.read | keys[]' "$STATE/progress.json")" = performance-metrics-basics ]
	run_split "$LVT" path meas
	[ "$status" -eq 0 ]
	[[ $out == "(This unit is locked: it builds on phase 1, which is not done. Reading it is free.)"* ]]
	run_split "$LVT" path guide-lat
	[ "$status" -eq 0 ]
	run_split "$LVT" path walk-performance-metrics-explained
	[ "$status" -eq 0 ]
	[ "$(jq '.read | length' "$STATE/progress.json")" -eq 4 ]
	refused 2 "unknown unit or resource 'mesuring'" "'measuring-performance'" -- path mesuring
	refused 2 "'guide' begins more than one name" "'guide-performance-engineering'" -- path guide
	refused 2 "unknown unit or resource '4.1'" -- path 4.1
	refused 2 "path takes one unit, not '1.2'" -- path 1.1 1.2
	refused 2 "only one of" -- path 1.1 --checklist
	refused 2 "only one of" -- path --html x --format json
	refused 2 "unknown option '--chekclist'" "'--checklist'" -- path --chekclist
}

@test "path UNIT: the reader's own figures" {
	write_progress '.labs["010-slow"] = {baseline: {at: "T", figures: {in_flight: 24.25}}}'
	grep -q '{run:010.in_flight|' labs/articles/performance-metrics-basics.md
	run_split "$LVT" path 1.1
	[[ $out == *"24.2"* ]]
	write_progress .
	run_split "$LVT" path 1.1
	[[ $out != *"24.2"* ]]
}

@test "path UNIT: on a terminal through the pager; without one it is printed" {
	local typescript

	PAGER='sed -n "1s/^/PAGED /p"' script -qec "'$LVT' path 1.1" typescript >/dev/null
	typescript=$(<typescript)
	[[ $typescript == *"PAGED "*"Performance metrics basics"* ]]
	[[ $typescript != *"Where a request begins"* ]]
	PAGER=no-such-pager-here script -qec "'$LVT' path 1.1" typescript >/dev/null
	grep -q "Where a request begins" typescript
	PAGER=false script -qec "'$LVT' path 1.2; echo \"exit \$?\"" typescript >/dev/null
	grep -q "exit 0" typescript
	[ "$(jq '.read | length' "$STATE/progress.json")" -eq 2 ]
}

@test "path: where the progress cannot be written, the article is shown and that is said" {
	as_nobody true 2>/dev/null || skip "cannot become another user"
	public_lvt
	cp -r labs "$PUBLIC/labs"
	chmod -R go+rX "$PUBLIC"
	LVT_LABS=$PUBLIC/labs HOME=/proc run_split as_nobody "$PUBLIC/lvt" path 1.1
	rm -r "$PUBLIC"
	[ "$status" -eq 0 ]
	[ "$err_lines" -eq 1 ]
	[[ $err == "lvt: warning: not marked as read: "* ]]
	[[ $out == *"Where a request begins"* ]]
}

@test "path --html: one whole page, with every article; it appears whole or not at all" {
	run_split "$LVT" path --html course.html
	[ "$status" -eq 0 ] && [ -z "$err" ] && [ -z "$out" ]
	"$LVT" path --format json >course.json
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" course.html course.json
	while read -r name; do
		grep -q "<section id=\"$name\">" course.html
	done < <(names)
	! grep -q '{run:\|{check:' course.html
	refused 1 "none/x.html" -- path --html none/x.html
	rm "labs/articles/guide-latency-optimization.md"
	refused 1 "labs/path.ini:" "articles/guide-latency-optimization.md is not there" -- path --html other.html
	[ ! -e other.html ]
	status=0
	LVT_LABS=$BATS_TEST_TMPDIR/none "$LVT" path >/dev/null 2>err || status=$?
	[ "$status" -eq 1 ]
	grep -q "there is no folder" err
}

@test "path: a disk that is full is told" {
	status=0
	"$LVT" path >/dev/full 2>err || status=$?
	[ "$status" -eq 1 ]
	[[ $(cat err) == "lvt: cannot write the "* ]]
	status=0
	"$LVT" path 1.1 >/dev/full 2>err || status=$?
	[ "$status" -eq 1 ]
	[[ $(tail -n 1 err) == "lvt: cannot write the "* ]]
}

@test "path: under sudo the progress is the user's" {
	needs_root
	mkdir other
	chown 65534:65534 other
	HOME=/root SUDO_UID=65534 SUDO_GID=65534 XDG_STATE_HOME=$PWD/other/state run_split "$LVT" path 1.1
	[ "$status" -eq 0 ] && [ -z "$err" ]
	[ "$(find other | wc -l)" -ge 4 ]
	[ -z "$(find other ! -user 65534)" ]
}

@test "path: what is wrong in path.ini is told with file and line" {
	sed -i 's/^minutes = 35/minuts = 35/' labs/path.ini
	refused 1 "labs/path.ini:" "unknown key 'minuts'" "'minutes'" -- path
}

@test "path: the course as it is" {
	export LVT_LABS=$BATS_TEST_DIRNAME/../../labs
	compgen -G "$LVT_LABS/[0-9]*" >/dev/null || skip "its labs are not here"
	"$LVT" path --html course.html
	"$LVT" path --format json >course.json
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" course.html course.json
	[ "$(jq '[.phases[].units[] | select(any(.labs[]; .core))] | length' course.json)" -eq 7 ]
	# every lab stands in a unit
	[ "$(jq '[.phases[].units[].labs[]] | length' course.json)" -eq "$(ls -d "$LVT_LABS"/[0-9]* | wc -l)" ]
}

@test "lab start: a lab before its turn on the path is begun, and that is said" {
	sed -i '5s/^unit = .*/unit = real-world-case-studies/' labs/010-slow/lab.ini
	run_split "$LVT" lab start 010
	[ "$status" -eq 0 ]
	[[ $out == *"  path    its unit 3.2 builds on phase 2, which is not done yet"* ]]
	rm -rf "$STATE" home/lvt-labs
	sed -i '5s/^unit = .*/unit = performance-metrics-basics/' labs/010-slow/lab.ini
	run_split "$LVT" lab start 010
	[ "$status" -eq 0 ]
	[[ $out != *"  path  "* ]]
}
