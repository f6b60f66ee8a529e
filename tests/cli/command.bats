#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt record -- COMMAND: as whom it runs, how it ends, and how signals end the run.

load helper

setup() {
	needs_root
	start_listener
	STARTED=
}

teardown() {
	[ -z "${STARTED:-}" ] || kill -KILL "$STARTED" 2>/dev/null || true
	[ -z "${LISTENER:-}" ] || kill "$LISTENER" 2>/dev/null || true
	[ -z "${PUBLIC:-}" ] || rm -rf "$PUBLIC"
	[ ! -s "$BATS_TEST_TMPDIR/pid" ] || kill -KILL $(cat "$BATS_TEST_TMPDIR/pid") 2>/dev/null || true
}

# Run lvt on the listener to its end, with a command: traced WORD... -- COMMAND...
traced() {
	run_split timeout 20 "$LVT" record -p "$PORT" "$@"
}

# Start lvt as a terminal would, in a process group of its own and with SIGINT not ignored, and wait
# until it traces and its command runs: sets $STARTED.
started() {
	local i

	: >"$BATS_TEST_TMPDIR/err" # what an earlier one said is not this one's
	python3 -c '
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.setpgid(0, 0)
os.execv(sys.argv[1], sys.argv[1:])' "$LVT" record --format json -p "$PORT" "$@" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" </dev/null 3>&- 4>&- &
	STARTED=$!
	for i in $(seq 200); do
		grep -q '^tracing 1 service' "$BATS_TEST_TMPDIR/err" &&
			{ [[ $* != *--\ * ]] || [ -s "$BATS_TEST_TMPDIR/pid" ]; } && return 0
		sleep 0.05
	done
	cat "$BATS_TEST_TMPDIR/err"
	return 1
}

# It ended with status 0 and a report.
reported() {
	local status=0

	wait "$STARTED" || status=$?
	STARTED=
	[ "$status" -eq 0 ] || { echo "status $status: $(cat "$BATS_TEST_TMPDIR/err")"; return 1; }
	jq -e --argjson port "$PORT" '.services[0].port == $port' "$BATS_TEST_TMPDIR/out" >/dev/null
}

# The processes that wrote their ids to the file no longer run.
gone() {
	local pid i state

	[ -s "$BATS_TEST_TMPDIR/pid" ]
	for pid in $(cat "$BATS_TEST_TMPDIR/pid"); do
		for i in $(seq 20); do
			state=$(sed 's/.*) //; s/ .*//' "/proc/$pid/stat" 2>/dev/null) || true
			[[ $state == [SRDT] ]] || break
			sleep 0.05
		done
		[[ $state != [SRDT] ]] || { echo "process $pid still runs"; return 1; }
	done
}

@test "command: it runs as the invoking user" {
	local who='echo "uid $(id -u) gid $(id -g) groups $(id -G) user $USER home $HOME"'
	local home=$(getent passwd nobody | cut -d: -f6) uid=$(id -u nobody) gid=$(id -g nobody)

	export SUDO_UID=$uid SUDO_GID=$gid SUDO_USER=nobody
	traced -- sh -c "$who"
	[ "$status" -eq 0 ]
	[[ $out$err == *"uid $uid gid $gid groups $gid user nobody home $home"* ]]
	# what it may not do as that user, it may not
	traced -- cat /etc/shadow
	[[ $err == *"status 1"* ]]
	[[ $out != *root:* ]]
	unset SUDO_UID SUDO_GID SUDO_USER
	traced -- sh -c "$who"
	[[ $out$err == *"uid 0 gid"* ]]
}

@test "command: the run ends with it, and tells how it ended" {
	traced -- true
	[ "$status" -eq 0 ]
	[[ $out == *":$PORT "* ]]
	[[ $err != *"the command"* ]]
	traced -- sh -c 'exit 7'
	[ "$status" -eq 0 ]
	[[ $out == *":$PORT "* ]]
	[[ $err == *"lvt: the command exited with status 7"* ]]
	traced -- sh -c 'kill -KILL $$'
	[ "$status" -eq 0 ]
	[[ $err == *"lvt: the command was ended by signal 9"* ]]
}

@test "command: -d ends one that takes longer" {
	start=$SECONDS
	traced -d 0.5 -- sh -c 'echo $$ >$1; exec sleep 60' - "$BATS_TEST_TMPDIR/pid"
	[ "$status" -eq 0 ]
	[[ $out == *":$PORT "* ]]
	[ $((SECONDS - start)) -lt 5 ]
	gone
}

@test "command: what it has started ends with it" {
	traced -d 0.5 -- sh -c 'sleep 60 & echo $$ $! >$1; wait' - "$BATS_TEST_TMPDIR/pid"
	[ "$status" -eq 0 ]
	gone
}

@test "command: one that ignores SIGTERM is killed" {
	start=$SECONDS
	traced -d 0.5 -- python3 -c '
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), file=open(sys.argv[1], "w"), flush=True)
time.sleep(60)' "$BATS_TEST_TMPDIR/pid"
	[ "$status" -eq 0 ]
	[ $((SECONDS - start)) -lt 8 ]
	gone
}

@test "command: it is not started, nor waited for, when lvt cannot trace" {
	public_lvt
	start=$(date +%s%N)
	run_split as_nobody "$PUBLIC/lvt" record -- touch "$BATS_TEST_TMPDIR/made"
	took=$((($(date +%s%N) - start) / 1000000))
	[ "$status" -eq 1 ]
	one_error_line cap_bpf
	[ ! -e "$BATS_TEST_TMPDIR/made" ]
	[ "$took" -lt 1500 ] || { echo "it took $took ms"; return 1; }
}

@test "command: Ctrl-C, as the terminal sends it to all, stops and reports" {
	started -- sh -c 'echo $$ >$1; exec sleep 60' - "$BATS_TEST_TMPDIR/pid"
	kill -INT -- "-$STARTED"
	reported
	gone
}

@test "command: each signal that ends lvt alone ends the command too, with a report" {
	for signal in INT TERM HUP; do
		rm -f "$BATS_TEST_TMPDIR/pid"
		started -- sh -c 'echo $$ >$1; exec sleep 60' - "$BATS_TEST_TMPDIR/pid"
		kill "-$signal" "$STARTED"
		reported
		gone
	done
}

# A load's way to tell what it saw, in the command's environment: sends WHAT ("view", "final", "junk",
# "pipe", "empty", "ghost"), one by one, each 0.3 s after the other.
SENDER='
import array, base64, fcntl, os, socket, struct, sys, time
end = socket.socket(fileno=int(os.environ["LVT_CLIENTS"]))
def memory(text):
    fd = os.memfd_create("view", os.MFD_ALLOW_SEALING)
    os.write(fd, text)
    fcntl.fcntl(fd, 1033, 1 | 2 | 4 | 8)  # F_ADD_SEALS, all
    return fd
def send(fd, final=0):
    word = struct.pack("=4siii", b"LVT1", os.getpid(), final, 0)
    end.sendmsg([word], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
view = base64.b64decode(os.environ["VIEW"])
for what in sys.argv[1:]:
    if what in ("view", "final"):
        send(memory(view), what == "final")
    elif what == "junk":
        send(memory(os.urandom(10000)))
    elif what == "pipe":
        send(os.pipe()[0])
    elif what == "ghost":
        send(memory(view[:-1]))
    else:
        end.send(b"")
    time.sleep(0.3)
'

@test "command: what its loads saw is in the run, at each interval" {
	export VIEW=$(base64 -w0 "$BATS_TEST_DIRNAME/../fuzz/corpus/client")
	export SUDO_UID=$(id -u nobody)
	local run=$BATS_TEST_TMPDIR/run.hlog part

	traced -i 0.3 -o "$run" -- python3 -c "$SENDER" view view final
	[ "$status" -eq 0 ]
	[[ $err != *warning* ]]
	[ "$(grep -c '^#\[lvt {"client"' "$run")" -eq 1 ]
	[ "$(grep -c '^Tag=client/latency' "$run")" -ge 2 ]
	"$LVT" report "$run" --format json >/dev/null
	# killed, it keeps what has come until then
	unset SUDO_UID
	started -i 0.2 -o "$run" -- sh -c 'echo $$ >$2; exec python3 -c "$1" view empty empty empty empty' \
		- "$SENDER" "$BATS_TEST_TMPDIR/pid"
	for _ in $(seq 50); do
		part=$(echo "$run".*.part)
		grep -q '^Tag=client/latency' "$part" && break
		sleep 0.05
	done
	kill -KILL "$STARTED"
	wait "$STARTED" || true
	STARTED=
	gone
	run_split "$LVT" report "$part" --format json
	[ "$status" -eq 0 ]
}

@test "command: lvt load in it: both views in one report, of the same requests" {
	python3 -c '
import socket, threading
s = socket.create_server(("127.0.0.1", 0), backlog=64)
print(s.getsockname()[1], flush=True)
def answer(c):
    while data := c.recv(64):
        c.sendall(data)
while True:
    threading.Thread(target=answer, args=[s.accept()[0]], daemon=True).start()' \
		>"$BATS_TEST_TMPDIR/echo" 3>&- 4>&- &
	kill "$LISTENER" 2>/dev/null || true
	LISTENER=$!
	for _ in $(seq 100); do
		[ -s "$BATS_TEST_TMPDIR/echo" ] && break
		sleep 0.05
	done
	PORT=$(cat "$BATS_TEST_TMPDIR/echo")
	traced --format json -o "$BATS_TEST_TMPDIR/run.hlog" -- "$LVT" load "127.0.0.1:$PORT" \
		--protocol raw --size 16 --verify echo --rate 300 -c 4 -d 1
	[ "$status" -eq 0 ]
	jq -e '.services[0].requests > 200 and .clients[0].ok == .services[0].requests' <<<"$out"
	run_split "$LVT" report "$BATS_TEST_TMPDIR/run.hlog" --format json
	jq -e '.clients[0].ok == .services[0].requests' <<<"$out"
	# cut short it tells its last word all the same
	traced -d 0.6 --format json -- "$LVT" load "127.0.0.1:$PORT" --protocol raw --size 16 --rate 300 \
		-c 4 -d 30
	[ "$status" -eq 0 ]
	[[ $err != *"did not come to an end"* ]]
	jq -e '.clients[0].ok > 50' <<<"$out"
}

@test "command: a load that does not end well, or sends something else, is told of" {
	export VIEW=$(base64 -w0 "$BATS_TEST_DIRNAME/../fuzz/corpus/client")
	local run=$BATS_TEST_TMPDIR/run.hlog

	traced -i 0.2 -o "$run" -- python3 -c "$SENDER" view junk pipe empty ghost
	[ "$status" -eq 0 ]
	[[ $err == *"lvt: warning: 4 messages of the command's loads were not taken: process "* ]]
	[[ $err == *"lvt: warning: 1 load did not come to an end"* ]]
	[ "$(grep -c '^#\[lvt {"client"' "$run")" -eq 1 ]
	"$LVT" report "$run" --format json >/dev/null
	# of all that lvt has open the command gets this one alone
	traced -- sh -c 'exec 3>&-; ls -l /proc/$$/fd'
	[ "$(grep -c 'socket:' <<<"$err")" -eq 1 ]
	[ "$(grep -c 'bpf' <<<"$err")" -eq 0 ]
	traced -- sh -c 'sleep 0.3'
	[[ $err != *warning* ]]
}

@test "record: SIGINT, SIGTERM and SIGHUP stop and report" {
	for signal in INT TERM HUP; do
		started
		kill "-$signal" "$STARTED"
		reported
	done
}
