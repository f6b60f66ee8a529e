/* SPDX-License-Identifier: BSD-2-Clause */
#define _GNU_SOURCE
#include "capture/child.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int child_become_invoker(void)
{
	const char *uid = getenv("SUDO_UID");
	struct passwd *pw;
	uid_t id;

	if (geteuid() || !uid)
		return 0;
	id = strtoul(uid, NULL, 10);
	if (!id)
		return 0;
	pw = getpwuid(id);
	if (!pw)
		return -ENOENT;
	if (initgroups(pw->pw_name, pw->pw_gid) || setgid(pw->pw_gid) || setuid(id))
		return -errno;
	setenv("HOME", pw->pw_dir, 1);
	setenv("USER", pw->pw_name, 1);
	setenv("LOGNAME", pw->pw_name, 1);
	return 0;
}

static void run(const struct child *c, int go, int status, char *const *argv)
{
	sigset_t none;
	char byte;
	int err;

	/* without lvt it must not start: a closed pipe reads as the end */
	if (read(go, &byte, 1) != 1)
		_exit(0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* stdout is for the report */
	dup2(STDERR_FILENO, STDOUT_FILENO);
	err = child_become_invoker();
	if (!err && c->pass_as && (putenv((char *)c->pass_as) || fcntl(c->pass, F_SETFD, 0)))
		err = -errno;
	if (!err) {
		execvp(argv[0], argv);
		err = -errno;
	}
	if (write(status, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

int child_prepare(struct child *c, char *const *argv, struct err *e)
{
	int go[2], status[2];

	if (pipe2(go, O_CLOEXEC) || pipe2(status, O_CLOEXEC))
		return err_set(e, -errno, "cannot make a pipe: %s", strerror(errno));
	c->pid = fork();
	if (c->pid < 0) {
		c->pid = 0;
		return err_set(e, -errno, "cannot fork: %s", strerror(errno));
	}
	if (!c->pid) {
		/* a group of its own: what it starts in turn ends with it */
		setpgid(0, 0);
		close(go[1]);
		close(status[0]);
		run(c, go[0], status[1], argv);
	}
	/* here too, so that it holds when child_stop() comes first */
	setpgid(c->pid, c->pid);
	close(go[0]);
	close(status[1]);
	c->go = go[1];
	c->status_fd = status[0];
	return 0;
}

int child_start(struct child *c, struct err *e)
{
	int err = 0;

	if (write(c->go, "", 1) != 1)
		return err_set(e, -errno, "cannot start the command: %s", strerror(errno));
	close(c->go);
	c->go = -1;
	if (read(c->status_fd, &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(c->status_fd);
	if (err)
		return err_set(e, err, "cannot run the command: %s", strerror(-err));
	return 0;
}

int child_ended(struct child *c, int *status)
{
	if (!c->pid || waitpid(c->pid, status, WNOHANG) != c->pid)
		return 0;
	c->pid = 0;
	return 1;
}

void child_stop(struct child *c)
{
	const struct timespec pause = { 0, 20000000 };
	int status, i;

	if (!c || !c->pid)
		return;
	/* before its start it waits for the pipe, with signals blocked: the pipe's end ends it */
	if (c->go >= 0) {
		close(c->go);
		c->go = -1;
	}
	kill(-c->pid, SIGTERM);
	for (i = 0; i < 100; i++) {
		if (child_ended(c, &status))
			return;
		nanosleep(&pause, NULL);
	}
	kill(-c->pid, SIGKILL);
	waitpid(c->pid, &status, 0);
	c->pid = 0;
}
