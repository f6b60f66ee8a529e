/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "capture/keeper.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "capture/child.h"
#include "capture/process_tree.h"

/* What comes through the pipe to lvt. */
struct news {
	int error; /* -errno: it could not be started; 0: it is running, or it has ended */
	int ended; /* the shell has, with this status */
	int status;
};

/* ---- the shell ---- */

/* As lvt, which may be root: the invoking user may not. */
static int join(const char *cgroup)
{
	int fd = open(cgroup, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "0", 1) != 1)
		err = -errno;
	close(fd);
	return err;
}

static void be_shell(const struct keeper_job *job, pid_t keeper, int news)
{
	struct news failed = {};
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	setsid();
	if (job->cpus && sched_setaffinity(0, sizeof(*job->cpus), job->cpus))
		failed.error = -errno;
	if (!failed.error && job->cgroup && *job->cgroup)
		failed.error = join(job->cgroup);
	if (!failed.error)
		failed.error = child_become_invoker();
	/* after it: a change of user clears it */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(1);
	if (!failed.error && job->pass && fcntl(job->pass, F_SETFD, 0))
		failed.error = -errno;
	for (size_t i = 0; job->env && job->env[i]; i++)
		putenv((char *)job->env[i]);
	dup2(null, STDIN_FILENO);
	dup2(job->log, STDOUT_FILENO);
	dup2(job->log, STDERR_FILENO);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!failed.error) {
		execl("/bin/sh", "sh", "-c", job->command, (char *)NULL);
		failed.error = -errno;
	}
	if (write(news, &failed, sizeof(failed)) != sizeof(failed))
		_exit(126);
	_exit(127);
}

/* ---- the keeper ---- */

/* Wait for whom there is to be waited for; ends the keeper when nobody is left. */
static void reap(pid_t shell, int news)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct news n = { .ended = 1, .status = status };

		if (pid == shell && write(news, &n, sizeof(n)) != sizeof(n))
			continue; /* lvt is gone: the other pipe tells */
	}
	if (pid < 0)
		_exit(0);
}

/* The shell's group at once, and everybody else. */
static void signal_all(pid_t shell, int sig)
{
	static pid_t pids[TREE_MAX];
	size_t n = tree_below(getpid(), pids, TREE_MAX);

	kill(-shell, sig);
	for (size_t i = 0; i < n; i++)
		if (getpgid(pids[i]) != shell)
			kill(pids[i], sig);
}

static void wait_children(int signals, int ms)
{
	struct pollfd p = { .fd = signals, .events = POLLIN };
	struct signalfd_siginfo info;

	if (poll(&p, 1, ms) > 0 && read(signals, &info, sizeof(info)) < 0)
		return;
}

static void end_all(pid_t shell, int signals, int news)
{
	struct timespec t;
	time_t end;

	signal_all(shell, SIGTERM);
	clock_gettime(CLOCK_MONOTONIC, &t);
	end = t.tv_sec + KEEPER_PATIENCE_S;
	for (reap(shell, news); t.tv_sec < end; reap(shell, news)) {
		wait_children(signals, 200);
		clock_gettime(CLOCK_MONOTONIC, &t);
	}
	/* again and again: what is being forked now has not been seen */
	for (int i = 0; i < 250; i++) {
		signal_all(shell, SIGKILL);
		wait_children(signals, 20);
		reap(shell, news);
	}
	_exit(1);
}

/* A pipe that is held open by another keeper would never tell its own that lvt has gone. */
static void close_others(const int *keep, size_t n)
{
	unsigned int from = STDERR_FILENO + 1, next;

	for (;;) {
		next = ~0u;
		for (size_t i = 0; i < n; i++)
			if (keep[i] >= (int)from && (unsigned int)keep[i] < next)
				next = keep[i];
		if (next > from)
			syscall(SYS_close_range, from, next == ~0u ? next : next - 1, 0);
		if (next == ~0u)
			return;
		from = next + 1;
	}
}

static void keep(const struct keeper_job *job, int hold, int news)
{
	struct pollfd p[2] = { { .fd = hold, .events = POLLIN }, { .events = POLLIN } };
	pid_t self = getpid(), shell;
	struct news failed = {};
	sigset_t set;

	close_others((int[]){ hold, news, job->log, job->pass }, job->pass ? 4 : 3);
	setsid();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	prctl(PR_SET_NAME, "lvt-keeper");
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	p[1].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	shell = p[1].fd < 0 ? -1 : fork();
	if (shell < 0)
		failed.error = -errno;
	if (!shell)
		be_shell(job, self, news);
	if (job->pass)
		close(job->pass); /* the other end then tells when the command has gone */
	if (write(news, &failed, sizeof(failed)) != sizeof(failed) || failed.error)
		_exit(1);
	for (;;) {
		if (poll(p, 2, -1) > 0 && p[0].revents)
			end_all(shell, p[1].fd, news);
		wait_children(p[1].fd, 0);
		reap(shell, news);
	}
}

/* ---- lvt's side ---- */

int keeper_start(struct keeper *k, const struct keeper_job *job, struct err *e)
{
	int hold[2], news[2];
	struct news n;

	*k = (struct keeper){ .hold = -1, .news = -1 };
	if (pipe2(hold, O_CLOEXEC))
		return err_set(e, -errno, "cannot make a pipe: %s", strerror(errno));
	if (pipe2(news, O_CLOEXEC)) {
		close(hold[0]);
		close(hold[1]);
		return err_set(e, -errno, "cannot make a pipe: %s", strerror(errno));
	}
	k->pid = fork();
	if (!k->pid) {
		close(hold[1]);
		close(news[0]);
		keep(job, hold[0], news[1]);
	}
	close(hold[0]);
	close(news[1]);
	k->hold = hold[1];
	k->news = news[0];
	if (k->pid < 0) {
		k->pid = 0;
		close(k->hold);
		close(k->news);
		return err_set(e, -errno, "cannot fork: %s", strerror(errno));
	}
	if (read(k->news, &n, sizeof(n)) != sizeof(n))
		n.error = -ECHILD;
	if (n.error) {
		keeper_stop(k);
		return err_set(e, n.error, "cannot start '%s': %s", job->command,
			       strerror(-n.error));
	}
	fcntl(k->news, F_SETFL, O_NONBLOCK);
	return 0;
}

bool keeper_ended(struct keeper *k)
{
	struct news n;

	while (k->pid && !k->ended && read(k->news, &n, sizeof(n)) == sizeof(n)) {
		k->ended = n.ended || n.error;
		k->status = n.error ? W_EXITCODE(127, 0) : n.status;
	}
	return k->ended || !k->pid;
}

bool keeper_runs(struct keeper *k)
{
	siginfo_t info = {};

	keeper_ended(k);
	/* it stays to be waited for by keeper_stop() */
	return k->pid && !waitid(P_PID, k->pid, &info, WEXITED | WNOHANG | WNOWAIT) && !info.si_pid;
}

bool keeper_stop(struct keeper *k)
{
	int status = 0;

	if (!k || !k->pid)
		return true;
	close(k->hold);
	while (waitpid(k->pid, &status, 0) < 0 && errno == EINTR)
		;
	keeper_ended(k);
	close(k->news);
	k->pid = 0;
	return WIFEXITED(status) && !WEXITSTATUS(status);
}
