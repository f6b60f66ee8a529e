/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The look into the reader's own buffer at one request in 64 or so: see batch.bpf.h for why. */
#ifndef LVT_PAYLOAD_BPF_H
#define LVT_PAYLOAD_BPF_H

#include "account.bpf.h"
#include "task.bpf.h"
#include "arch.bpf.h"

/* The user's buffer that the current syscall reads into, 0 if it has none that we know. */
static __always_inline u64 read_buffer(struct task_struct *p)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(p);
	u8 where = by_syscall(cfg_buffer, regs_syscall(regs));
	u64 at = regs_arg1(regs);

	/* struct user_msghdr: msg_iov comes after a pointer and an int */
	if (where == BUFFER_MESSAGE && bpf_probe_read_user(&at, sizeof(at), (void *)(at + 16)))
		return 0;
	if (where >= BUFFER_IOVEC && bpf_probe_read_user(&at, sizeof(at), (void *)at))
		return 0;
	return where == BUFFER_NONE ? 0 : at;
}

/* Look at the payload of a request just read: does it hold several? */
static __always_inline void sample_batch(u32 service, struct task_struct *p, u32 length)
{
	struct lvt_shard *s = account_shard(service);
	u32 key = 0, n = length;
	struct batch *b;
	u64 buffer;
	int found;

	b = bpf_map_lookup_elem(&lvt_batch, &key);
	buffer = read_buffer(p);
	if (!s || !b || !buffer)
		return;
	if (n > BATCH_WINDOW)
		n = BATCH_WINDOW;
	if (bpf_probe_read_user(b->bytes, n, (void *)buffer))
		return;
	found = batch_messages(b, length);
	account_add(&s->batch_sampled, 1);
	if (batch_is_h2(b, length))
		account_add(&s->h2_found, 1);
	if (found > 1) {
		account_add(&s->batch_found, 1);
		account_add(&s->batch_messages, found);
	}
}

#endif
