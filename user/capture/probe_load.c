/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only a trial can tell: programs of a few instructions, loaded and at once closed again. They
 * are written as instructions, not compiled, so that a probe needs no object and each asks for one
 * feature alone.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <unistd.h>
#include "capture/probe.h"

#define INSN(...) ((struct bpf_insn){ __VA_ARGS__ })
#define MOV_IMM(dst, value) INSN(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = dst, .imm = value)
#define MOV_REG(dst, src) INSN(.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = dst, .src_reg = src)
#define ADD_IMM(dst, value) INSN(.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = dst, .imm = value)
#define LOAD_U64(dst, src, at) \
	INSN(.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = dst, .src_reg = src, .off = at)
#define LOAD_MAP(dst, fd)                                                                     \
	INSN(.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst, .src_reg = BPF_PSEUDO_MAP_FD, \
	     .imm = fd),                                                                      \
		INSN(.code = 0)
#define CALL(helper) INSN(.code = BPF_JMP | BPF_CALL, .imm = helper)
#define EXIT() INSN(.code = BPF_JMP | BPF_EXIT)

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct trial {
	struct probe *p;
	const struct btf *btf;
	int storage_btf; /* fd of the two types that a storage map's key and value need */
};

/* fd is a new file descriptor, or -errno (as libbpf 1 returns it). */
static void answer(struct trial *t, enum probe_load what, int fd)
{
	t->p->load[what] = fd >= 0 ? PROBE_YES : PROBE_NO;
	t->p->load_error[what] = fd >= 0 ? 0 : fd;
	if (fd >= 0)
		close(fd);
}

static int load(struct trial *t, const char *target, enum bpf_attach_type type,
		const struct bpf_insn *code, size_t n)
{
	int id = btf__find_by_name_kind(
		t->btf, target, type == BPF_TRACE_RAW_TP ? BTF_KIND_TYPEDEF : BTF_KIND_FUNC);
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = type);

	if (id < 0)
		return id;
	opts.attach_btf_id = (__u32)id;
	return bpf_prog_load(BPF_PROG_TYPE_TRACING, "lvt_probe", "Dual BSD/GPL", code, n, &opts);
}

static void try_plain(struct trial *t)
{
	const struct bpf_insn code[] = { MOV_IMM(BPF_REG_0, 0), EXIT() };

	answer(t, LOAD_TRACEPOINT,
	       load(t, "btf_trace_sched_switch", BPF_TRACE_RAW_TP, code, COUNT(code)));
	answer(t, LOAD_FENTRY, load(t, "tcp_sendmsg_locked", BPF_TRACE_FENTRY, code, COUNT(code)));
}

/* Lockdown "confidentiality" takes this helper away. sched_switch: argument 1 is a thread. */
static void try_read_kernel(struct trial *t)
{
	const struct bpf_insn code[] = {
		LOAD_U64(BPF_REG_3, BPF_REG_1, 8),
		MOV_REG(BPF_REG_1, BPF_REG_10),
		ADD_IMM(BPF_REG_1, -8),
		MOV_IMM(BPF_REG_2, 8),
		CALL(BPF_FUNC_probe_read_kernel),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};

	answer(t, LOAD_READ_KERNEL,
	       load(t, "btf_trace_sched_switch", BPF_TRACE_RAW_TP, code, COUNT(code)));
}

/* Local storage wants its key and value described: int and u64. */
static int storage_types(void)
{
	struct btf *btf = btf__new_empty();
	int fd = -ENOMEM;

	if (!btf)
		return fd;
	if (btf__add_int(btf, "int", 4, BTF_INT_SIGNED) == 1 && btf__add_int(btf, "u64", 8, 0) == 2)
		fd = btf__load_into_kernel(btf);
	if (!fd)
		fd = fcntl(btf__fd(btf), F_DUPFD_CLOEXEC, 3); /* the object closes its own */
	btf__free(btf);
	return fd;
}

/* One storage map, and a program that looks up the element of its argument at ctx + at. */
static int load_storage(struct trial *t, enum bpf_map_type type, const char *target, short at,
			int helper)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC,
		    .btf_fd = (__u32)t->storage_btf, .btf_key_type_id = 1, .btf_value_type_id = 2);
	int map, fd;

	if (t->storage_btf < 0)
		return t->storage_btf;
	map = bpf_map_create(type, "lvt_probe", 4, 8, 0, &opts);
	if (map < 0)
		return map;
	const struct bpf_insn code[] = {
		LOAD_U64(BPF_REG_2, BPF_REG_1, at),
		LOAD_MAP(BPF_REG_1, map),
		MOV_IMM(BPF_REG_3, 0),
		MOV_IMM(BPF_REG_4, BPF_LOCAL_STORAGE_GET_F_CREATE),
		CALL(helper),
		MOV_IMM(BPF_REG_0, 0),
		EXIT(),
	};
	fd = load(t, target, BPF_TRACE_RAW_TP, code, COUNT(code));
	close(map);
	return fd;
}

void probe_loads(struct probe *p, const struct btf *btf)
{
	struct trial t = { .p = p, .btf = btf, .storage_btf = storage_types() };

	try_plain(&t);
	try_read_kernel(&t);
	answer(&t, LOAD_SK_STORAGE,
	       load_storage(&t, BPF_MAP_TYPE_SK_STORAGE, "btf_trace_tcp_probe", 0,
			    BPF_FUNC_sk_storage_get));
	answer(&t, LOAD_TASK_STORAGE,
	       load_storage(&t, BPF_MAP_TYPE_TASK_STORAGE, "btf_trace_sched_switch", 8,
			    BPF_FUNC_task_storage_get));
	answer(&t, LOAD_RINGBUF,
	       bpf_map_create(BPF_MAP_TYPE_RINGBUF, "lvt_probe", 0, 0, (__u32)sysconf(_SC_PAGESIZE),
			      NULL));
	if (t.storage_btf >= 0)
		close(t.storage_btf);
}
