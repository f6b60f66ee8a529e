#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt sweep without a trace, against an echo service: its forms and its files.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	[ -z "${SERVER:-}" ] || kill "$SERVER"
}

# A service that sends back what it is sent; $PORT, $SERVER.
echo_service() {
	python3 - <<-'EOS' >port 3>&- &
	import socket, threading
	s = socket.create_server(("127.0.0.1", 0))
	def echo(c):
	    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
	    while c.sendall(d := c.recv(4096)) is None and d:
	        pass
	print(s.getsockname()[1], flush=True)
	while True:
	    threading.Thread(target=echo, args=(s.accept()[0],), daemon=True).start()
	EOS
	SERVER=$!
	for _ in $(seq 100); do
		PORT=$(cat port)
		[ -z "$PORT" ] || return 0
		sleep 0.05
	done
	return 1
}

@test "sweep: HTML is one well-formed page; its files appear whole or not at all" {
	local short=(--no-trace --protocol raw --steps 3 --seconds 0.15 --warmup 0.02 -c 2)

	echo_service
	run_split "$LVT" sweep "127.0.0.1:$PORT" "${short[@]}" --rates 100..400 --slo 'p99<1s' \
		--label 'a <b>' --runs kept --format html -o out.html
	[ "$status" -eq 0 ]
	[ -z "$out" ]
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" out.html
	grep -q '<h1>a &lt;b&gt;</h1>' out.html
	grep -q '<b class="label">capacity</b> p99 &lt; 1.0 s' out.html
	[ "$(grep -c '^<tr><th scope="row" class="n">.* k\?/s</th>' out.html)" = "$(ls kept | wc -l)" ]
	"$LVT" compare kept/step-001.hlog kept/step-002.hlog --format html -o steps.html
	"$LVT" compare kept/step-001.hlog kept/step-002.hlog --format json -o steps.json
	python3 "$BATS_TEST_DIRNAME/../lib/html_page.py" steps.html steps.json
	status=0
	"$LVT" sweep "127.0.0.1:$PORT" "${short[@]}" --connections 1..3 --format html >/dev/full 2>err || status=$?
	[ "$status" -eq 1 ]
	[[ $(tail -n 1 err) == "lvt: cannot write "* ]]
	kill "$SERVER"
	SERVER=
	run_split "$LVT" sweep "127.0.0.1:$PORT" "${short[@]}" --rates 100..400 --format html -o none.html
	[ "$status" -ne 0 ] || grep -q 'nothing came of' none.html # refused: said, not drawn
	refused 2 "unknown word 'pdf'" "text, json, svg or html" -- sweep "127.0.0.1:$PORT" --format pdf
}
