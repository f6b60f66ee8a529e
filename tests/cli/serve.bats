#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt serve: bad input, and what is installed beside it. What it answers is tested in tests/real.

load helper

teardown() {
	[ -z "${LISTENER:-}" ] || kill "$LISTENER" 2>/dev/null || true
}

@test "serve: bad addresses" {
	for address in 127.0.0.1 :9464 web1:9464 127.0.0.1:65536 '[::1]' ::1:80 '127.0.0.1:80 '; do
		refused 2 "option '--listen': bad address '$address'" "127.0.0.1:9464" -- serve --listen "$address"
	done
	refused 2 "option '--listen'" "empty" -- serve --listen ''
}

@test "serve: unknown options and words" {
	refused 2 "unknown option '--lsten'" "did you mean '--listen'?" -- serve --lsten 80
	refused 2 "unexpected word 'redis'" -- serve redis
	refused 2 "option '-d'" "bad number of seconds" -- serve -d 0
	refused 2 "unknown option '-o'" -- serve -o run.hlog
}

@test "serve: a port that is taken, an address that is not here: told before anything is traced" {
	start_listener
	refused 1 "cannot listen on 127.0.0.1:$PORT: Address already in use" "--listen" -- \
		serve --listen "127.0.0.1:$PORT"
	refused 1 "cannot listen on 192.0.2.1:80" "no address of this host" -- serve --listen 192.0.2.1:80
}

@test "serve: without the rights it is one line" {
	needs_root
	public_lvt
	run_split as_nobody "$PUBLIC/lvt" serve --listen 127.0.0.1:0
	rm -rf "$PUBLIC"
	[ "$status" -eq 1 ]
	one_error_line sudo
}

@test "serve: the man page has every option of the help" {
	run_split "$LVT" serve --help
	[ "$status" -eq 0 ]
	[ -z "$err" ]
	page=$(cat "$BATS_TEST_DIRNAME/../../user/man/lvt-serve.1")
	for option in $(grep -o -- '--[a-z]\+' <<<"$out" | sort -u); do
		[ "$option" = --help ] && continue
		[[ $page == *" -${option#--} "* ]] || { echo "no $option in the man page"; return 1; }
	done
}

@test "serve: the rules and the configuration for Prometheus are good" {
	command -v promtool >/dev/null || skip "promtool is not installed"
	share=$BATS_TEST_DIRNAME/../../user/serve/share
	promtool check config "$share/prometheus.yml"
	promtool check rules "$share/lvt-rules.yml"
}

@test "serve: the dashboard is JSON whose panels lie beside each other" {
	python3 - "$BATS_TEST_DIRNAME/../../user/serve/share/grafana-lvt.json" <<-'EOF'
	import json, sys
	board = json.load(open(sys.argv[1]))
	taken, ids = set(), set()
	for panel in board["panels"]:
	    p = panel["gridPos"]
	    cells = {(x, y) for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])}
	    assert not cells & taken, panel["title"]
	    assert max(x for x, _ in cells) < 24, panel["title"]
	    assert panel["id"] not in ids and panel["targets"], panel["title"]
	    taken |= cells
	    ids.add(panel["id"])
	names = {v["name"] for v in board["templating"]["list"]}
	assert names == {"datasource", "instance", "service"}, names
	EOF
}
