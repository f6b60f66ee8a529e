#!/usr/bin/env bats
# SPDX-License-Identifier: BSD-2-Clause
# lvt doctor: what it says, in text and JSON, with rights and without.

load helper

teardown() {
	[ -z "${PUBLIC:-}" ] || rm -rf "$PUBLIC"
}

@test "doctor: the text has every group and a verdict that its exit code repeats" {
	COLUMNS=80 run_split "$LVT" doctor
	[ -z "$err" ]
	for group in kernel hooks "send hook" rights memory cgroups helpers; do
		grep -qx "$group" <<<"$out"
	done
	last=$(tail -1 <<<"$out")
	case $status in
	0) [ "$last" = '`lvt record` will work here.' ] ;;
	1) grep -q 'will not work here, because of' <<<"$out" ;;
	*) false ;;
	esac
	[ "$(wc -L <<<"$out")" -le 80 ]
}

@test "doctor: no colour when it is not a terminal; every status is one of four" {
	TERM=xterm run_split "$LVT" doctor
	[ "$(grep -c $'\e' <<<"$out")" -eq 0 ]
	[ "$(grep '^  [a-z]' <<<"$out" | grep -vcE '^  (yes|fallback|no|unknown) ')" -eq 0 ]
}

@test "doctor: JSON has the schema and agrees with the text" {
	run_split "$LVT" doctor
	text_status=$status
	text=$out
	run_split "$LVT" doctor --format json
	[ "$status" -eq "$text_status" ]
	[ -z "$err" ]
	jq -e '.schema == "lvt.doctor/1"' <<<"$out"
	jq -e '.works | type == "boolean"' <<<"$out"
	[ "$(jq .works <<<"$out")" = "$([ "$status" -eq 0 ] && echo true || echo false)" ]
	jq -e '.checks | length > 20' <<<"$out"
	jq -e '.checks | all((.group, .name, .detail) | type == "string")' <<<"$out"
	jq -e '.checks | all(.remedy == null or (.remedy | length > 0))' <<<"$out"
	jq -e '.checks | all(.status | IN("yes", "fallback", "no", "unknown"))' <<<"$out"
	jq -e '.works == (.checks | all(.required == false or (.status | IN("yes", "fallback"))))' \
		<<<"$out"
	[ "$(jq '.checks | length' <<<"$out")" -eq \
		"$(grep -cE '^  (yes|fallback|no|unknown) ' <<<"$text")" ]
}

@test "doctor: what it says of the kernel is so" {
	run_split "$LVT" doctor --format json
	[ "$(jq -r .kernel <<<"$out")" = "$(uname -r)" ]
	btf=$(jq -r '.checks[] | select(.name == "BTF") | .status' <<<"$out")
	[ "$btf" = "$([ -r /sys/kernel/btf/vmlinux ] && echo yes || echo no)" ]
	[ "$btf" = yes ] || skip "no BTF"
	command -v bpftool >/dev/null || PATH=$PATH:/usr/sbin
	command -v bpftool >/dev/null || skip "no bpftool to compare with"
	bpftool btf dump file /sys/kernel/btf/vmlinux >"$BATS_TEST_TMPDIR/btf"
	for name in tcp_probe tcp_rcv_space_adjust inet_sock_set_state sched_switch sched_waking \
		sched_process_fork tcp_sendmsg_locked sock_send_length; do
		expect=no
		if grep -q "'btf_trace_$name'" "$BATS_TEST_TMPDIR/btf"; then
			expect=yes
		fi
		got=$(jq -r --arg n "$name" '.checks[] | select(.name == $n) | .status' <<<"$out")
		[ "$got" = "$expect" ] || [ "$got/$expect" = fallback/yes ]
	done
}

@test "doctor: as root every trial is made" {
	needs_root
	run_split "$LVT" doctor --format json
	[ "$(jq '[.checks[] | select(.required and .status == "unknown")] | length' <<<"$out")" -eq 0 ]
	[ "$(jq -r '.checks[] | select(.name == "cap_bpf") | .status' <<<"$out")" = yes ]
}

@test "doctor: without rights it says so, and what mends it" {
	needs_root
	public_lvt
	run_split as_nobody "$PUBLIC/lvt" doctor
	[ "$status" -eq 1 ]
	[ -z "$err" ]
	[[ $(tail -2 <<<"$out") == *"because of \`cap_bpf\`"*"sudo"* ]]
	run_split as_nobody "$PUBLIC/lvt" doctor --format json
	[ "$status" -eq 1 ]
	jq -e '.works == false' <<<"$out"
	jq -e '.remedy | contains("sudo")' <<<"$out"
	jq -e '.checks[] | select(.name == "task storage") | .status == "unknown"' <<<"$out"
	jq -e '.checks[] | select(.name == "BTF") | .status == "yes"' <<<"$out"
}

@test "doctor: leaves no program and no map" {
	needs_root
	command -v bpftool >/dev/null || PATH=$PATH:/usr/sbin
	command -v bpftool >/dev/null || skip "no bpftool"
	"$LVT" doctor >/dev/null || true
	for kind in prog map; do
		# the kernel frees them a moment after the last file descriptor is closed
		for _ in $(seq 20); do
			left=$(bpftool -j "$kind" list | jq '[.[] | select(.name == "lvt_probe")] | length')
			[ "$left" -ne 0 ] || break
			sleep 0.1
		done
		[ "$left" -eq 0 ]
	done
}

@test "doctor: wrong words" {
	refused 2 "unknown option '--fromat'" "did you mean '--format'?" -- doctor --fromat json
	refused 2 "unknown word 'jsom'" "did you mean 'json'?" -- doctor --format jsom
	refused 2 "unknown word 'yaml'" "text or json" -- doctor --format=yaml
	refused 2 "has no value" "text or json" -- doctor --format
	refused 2 "unexpected word 'now'" -- doctor now
	refused 2 "after '--'" -- doctor -- now
}
