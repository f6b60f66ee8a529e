# SPDX-License-Identifier: BSD-2-Clause
# Shared by the CLI tests. LVT names the binary under test.

LVT=${LVT:-$BATS_TEST_DIRNAME/../../.output/lvt}

# Run a command with its two streams apart: $status, $out, $err, and $err_lines = lines on stderr.
run_split() {
	status=0
	"$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null || status=$?
	out=$(cat "$BATS_TEST_TMPDIR/out")
	err=$(cat "$BATS_TEST_TMPDIR/err")
	err_lines=$(wc -l <"$BATS_TEST_TMPDIR/err")
}

# The last run printed nothing but one line "lvt: ..." on stderr, with these parts in it.
one_error_line() {
	local part

	if [ "$err_lines" -ne 1 ] || [ -n "$out" ] || [[ $err != "lvt: "* ]]; then
		echo "expected one error line; stdout: '$out', stderr: '$err'"
		return 1
	fi
	for part; do
		if [[ $err != *"$part"* ]]; then
			echo "no '$part' in: $err"
			return 1
		fi
	done
}

# refused STATUS PART... -- ARG...: lvt ARG... exits with STATUS and one error line with the parts.
refused() {
	local expect=$1 parts=()

	shift
	while [ "$1" != -- ]; do
		parts+=("$1")
		shift
	done
	shift
	run_split "$LVT" "$@"
	if [ "$status" -ne "$expect" ]; then
		echo "status $status, expected $expect; stderr: '$err'"
		return 1
	fi
	one_error_line "${parts[@]}"
}

needs_root() {
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# A copy of lvt that every user may run: the build folder may be closed to others.
public_lvt() {
	PUBLIC=$(mktemp -d /tmp/lvt-cli-XXXXXX)
	cp "$LVT" "$PUBLIC/lvt"
	chmod 755 "$PUBLIC" "$PUBLIC/lvt"
}

# Run as a user without any rights.
as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --bounding-set=-all "$@"
}

# Start a TCP listener on a free loopback port: sets $LISTENER (pid) and $PORT.
start_listener() {
	local i

	python3 -c '
import socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
time.sleep(60)' >"$BATS_TEST_TMPDIR/port" 3>&- 4>&- &
	LISTENER=$!
	await_port
}

# PORT: what a server that was just started has written to $BATS_TEST_TMPDIR/port.
await_port() {
	for _ in $(seq 100); do
		PORT=$(cat "$BATS_TEST_TMPDIR/port")
		[ -n "$PORT" ] && return 0
		sleep 0.05
	done
	return 1
}

# A port of the loopback on which nothing listens.
free_port() {
	python3 -c '
import socket
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# openmetrics FILE: that it is well formed
openmetrics() {
	[ "$(tail -n 1 "$1")" = "# EOF" ]
	python3 - "$1" <<-'EOF'
	import re, sys
	types, seen, last, buckets = {}, set(), None, {}
	for line in open(sys.argv[1]):
	    line = line.rstrip("\n")
	    if line.startswith("# TYPE "):
	        last, kind = line.split()[2:]
	        assert last not in types, line
	        types[last] = kind
	        continue
	    if line.startswith("# UNIT "):
	        _, _, name, unit = line.split()
	        assert name == last and name.endswith("_" + unit), line
	        continue
	    if line.startswith("#"):
	        continue
	    m = re.fullmatch(r'(\w+)(?:\{(.*?)\})? (\S+)(?: # \{(.*)\} (\S+) \d+\.\d{3})?', line)
	    assert m, line
	    if m[4]:
	        low = buckets[last, key][-1][0]
	        assert m[1] == "lvt_request_latency_seconds_bucket", line
	        assert re.fullmatch(r'client="[^"]+",thread="\d+",stage="[a-z.]+"', m[4]), line
	        assert low <= float(m[5]) <= float(re.search(r'le="(.*)"', m[2])[1]), line
	        assert sum(map(len, re.findall(r'\w+(?==")|"[^"]*"', m[4]))) <= 128, line
	    suffix = {"histogram": "_(bucket|count|sum|created)", "summary": "(_count|_sum)?",
	              "counter": "_total", "gauge": "", "info": "_info"}[types[last]]
	    assert re.fullmatch(last + suffix, m[1]), line
	    assert (m[1], m[2]) not in seen, line
	    seen.add((m[1], m[2]))
	    float(m[3])
	    if m[1].endswith("_bucket"):
	        key, le = re.fullmatch(r'(.*),le="(.*)"', m[2]).groups()
	        b = buckets.setdefault((last, key), [])
	        assert not b or (b[-1][0] < float(le) and b[-1][1] <= int(m[3])), line
	        b.append((float(le), int(m[3])))
	    if m[1].endswith("_count") and types[last] == "histogram":
	        assert buckets[last, m[2]][-1] == (float("inf"), int(m[3])), line
	assert "lvt_request_latency_seconds" in types
	EOF
}
