// SPDX-License-Identifier: GPL-2.0-only
/*
 * machpagerd - serve a store as /dev/machobj/NAME, or a directory as a tree there.
 */
#include "background.h"
#include "config.h"
#include "log.h"
#include "private_dev.h"
#include "serve.h"
#include "tree.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/**
 * struct daemon - What is open.
 * @config: the command line
 * @service: store and object, if there is no @tree
 * @tree: the directory that is served, or NULL
 * @session: we as a pager
 * @signals: signalfd
 * @next_clean: when to write back, CLOCK_MONOTONIC milliseconds
 */
struct daemon {
	struct config config;
	struct service service;
	struct tree *tree;
	struct pager_session *session;
	int signals;
	int64_t next_clean;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void complain(const char *format, va_list args)
{
	log_vlimited(format, args);
}

static enum exit_status open_store(struct daemon *daemon)
{
	struct config *config = &daemon->config;
	struct service *service = &daemon->service;

	if (config->directory)
		return tree_open(config, &daemon->tree);
	service->copy = config->copy;
	if (!store_open(&service->store, config->store, &config->store_options,
			complain))
		return EXIT_OK;
	log_error("%s", service->store.problem);
	return EXIT_STORE;
}

/* Root of a user namespace is under its limit like anybody else. */
static bool may_lock_all(void)
{
	static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return !setrlimit(RLIMIT_MEMLOCK, &all);
}

/*
 * A pager must not wait for memory that only a pager can free: no write-back
 * and no I/O on behalf of our own allocations, and our pages stay. Both need
 * privileges, and without them we serve all the same.
 */
static void guard_against_reclaim(void)
{
	int lock = MCL_CURRENT | MCL_ONFAULT;

#ifdef PR_SET_IO_FLUSHER
	if (prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) < 0)
		log_debug("no PR_SET_IO_FLUSHER: %s", strerror(errno));
#endif
	/* with a limit, memory to come would not be had at all */
	if (may_lock_all())
		lock |= MCL_FUTURE;
	if (mlockall(lock) < 0)
		log_debug("memory is not locked: %s", strerror(errno));
}

/* One may have to wait for the directory that another is asked about. */
static void want_two_workers(struct config *config)
{
	if (config->directory && config->writable && config->pager.queues == 1)
		config->pager.queues = 2;
}

static enum exit_status open_device(struct daemon *daemon)
{
	int err;

	want_two_workers(&daemon->config);
	err = pager_open(&daemon->config.pager, &daemon->session);
	if (private_dev_hides_device(err)) {
		log_error("no %s, though the module is loaded: %s",
			  MACH_VM_DEVICE, PRIVATE_DEV_HELP);
		return EXIT_DEVICE;
	}
	if (err == EINVAL &&
	    daemon->config.pager.deadline_ms > MACH_DEADLINE_DEFAULT) {
		log_error("cannot become a pager: the kernel allows no deadline of %u s; %s says how many ms it allows",
			  daemon->config.pager.deadline_ms / 1000,
			  "/sys/module/machvm/parameters/deadline_max");
		return EXIT_DEVICE;
	}
	if (err) {
		log_error("cannot become a pager: %s", pager_strerror(err));
		return EXIT_DEVICE;
	}
	log_debug("%u queues by %s", pager_queues(daemon->session),
		  pager_transport_in_use(daemon->session) ==
		  PAGER_TRANSPORT_RING ? "ring" : "ioctl");
	err = pager_start_workers(daemon->session);
	if (err) {
		log_error("cannot start to serve: %s", pager_strerror(err));
		return EXIT_DEVICE;
	}
	return EXIT_OK;
}

static enum exit_status mount_objects(void)
{
	int err = pager_mount();

	if (!err)
		return EXIT_OK;
	log_error("nothing is mounted on %s, and machpagerd cannot do it: %s: run 'mount -t machobj -o nosuid,nodev machobj %s' as root",
		  MACH_VM_NODE_DIR, strerror(err), MACH_VM_NODE_DIR);
	return EXIT_NODE;
}

static enum exit_status make_object(struct daemon *daemon)
{
	const struct config *config = &daemon->config;
	struct service *service = &daemon->service;
	struct pager_attributes attributes = {
		.size = service->store.size,
		.cluster = config->cluster,
		.read_only = service->store.read_only,
	};
	int err;

	if (service->store.resizable)
		err = pager_create_resizable(daemon->session, &service_ops,
					     service_set_size, service,
					     &attributes, &service->pager);
	else
		err = pager_create(daemon->session, &service_ops, service,
				   &attributes, &service->pager);
	if (err) {
		log_error("the object cannot be made: %s", pager_strerror(err));
		return EXIT_NODE;
	}
	err = pager_publish(service->pager, config->name, config->owner,
			    config->group, config->mode);
	if (err == EEXIST) {
		log_error("%s/%s is there already: choose another --name, or end its pager",
			  MACH_VM_NODE_DIR, config->name);
		return EXIT_NODE;
	}
	if (err) {
		log_error("%s/%s cannot be made: %s", MACH_VM_NODE_DIR,
			  config->name, pager_strerror(err));
		return EXIT_NODE;
	}
	return EXIT_OK;
}

/*
 * All but faults, which cannot wait, and what ends no process, or is ignored.
 * So no signal that others send but SIGKILL leaves modified data behind.
 */
static void fill_signals(sigset_t *set)
{
	static const int others[] = {
		SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT,
		SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGCHLD, SIGWINCH, SIGURG,
		SIGPIPE, SIGXFSZ,
	};
	size_t i;

	sigfillset(set);
	for (i = 0; i < sizeof(others) / sizeof(*others); i++)
		sigdelset(set, others[i]);
}

/* Before any thread is made, so that signals come here only. */
static enum exit_status catch_signals(struct daemon *daemon)
{
	sigset_t set;

	fill_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* a call's error says the same */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (daemon->signals >= 0)
		return EXIT_OK;
	log_error("signals cannot be caught: %s", strerror(errno));
	return EXIT_RUNTIME;
}

static enum exit_status start(struct daemon *daemon)
{
	enum exit_status status = catch_signals(daemon);

	guard_against_reclaim();
	if (status == EXIT_OK && daemon->config.pidfile &&
	    pidfile_take(daemon->config.pidfile))
		status = EXIT_RUNTIME;
	if (status == EXIT_OK)
		status = open_device(daemon);
	if (status == EXIT_OK)
		status = mount_objects();
	if (status == EXIT_OK)
		status = daemon->tree ?
			tree_publish(daemon->tree, daemon->session) :
			make_object(daemon);
	return status;
}

static void write_back(struct daemon *daemon)
{
	int err = daemon->tree ? tree_clean(daemon->tree) :
				 service_clean(&daemon->service);

	if (err)
		log_limited("modified data cannot be written back now: %s",
			    pager_strerror(err));
	daemon->next_clean = now_ms() + daemon->config.sync_interval * 1000LL;
}

static bool is_read_only(const struct daemon *daemon)
{
	return daemon->tree ? !daemon->config.writable :
			      daemon->service.store.read_only;
}

static int time_to_wait(const struct daemon *daemon)
{
	int64_t left;

	if (!daemon->config.sync_interval || is_read_only(daemon))
		return -1;
	left = daemon->next_clean - now_ms();
	return left > 0 ? left : 0;
}

/* True when we have been asked to end. */
static bool take_signal(struct daemon *daemon)
{
	struct signalfd_siginfo info;

	if (read(daemon->signals, &info, sizeof(info)) != sizeof(info))
		return false;
	if (info.ssi_signo != SIGHUP && info.ssi_signo != SIGUSR1)
		return true;
	write_back(daemon);
	if (daemon->tree && info.ssi_signo == SIGHUP)
		tree_rescan(daemon->tree);
	return false;
}

/* What tells of changes by others, or -1 */
static int watch_fd(const struct daemon *daemon)
{
	const struct store *store = &daemon->service.store;

	if (daemon->tree)
		return tree_watch_fd(daemon->tree);
	return store->class->watch_fd ? store->class->watch_fd(store) : -1;
}

static void look_at_changes(struct daemon *daemon)
{
	struct store *store = &daemon->service.store;

	if (daemon->tree)
		tree_check(daemon->tree);
	else
		store->class->check(store);
}

static void serve(struct daemon *daemon)
{
	struct pollfd fds[] = {
		{ .fd = daemon->signals, .events = POLLIN },
		{ .fd = pager_event_fd(daemon->session), .events = POLLIN },
		{ .fd = watch_fd(daemon), .events = POLLIN },
	};
	int ready;

	daemon->next_clean = now_ms() + daemon->config.sync_interval * 1000LL;
	while (!fds[1].revents) {
		ready = poll(fds, 3, time_to_wait(daemon));
		if (ready < 0)
			continue;
		if (!ready)
			write_back(daemon);
		if (fds[2].revents)
			look_at_changes(daemon);
		if (fds[0].revents && take_signal(daemon))
			break;
	}
}

/* Long enough for returns that are under way to meet their deadline. */
static int finish_timeout(const struct config *config)
{
	unsigned int deadline = config->pager.deadline_ms;

	if (!deadline)
		deadline = MACH_DEADLINE_DEFAULT;
	return deadline > 0x3fffffff ? 0x7fffffff : 2 * deadline;
}

static enum exit_status stop(struct daemon *daemon)
{
	int timeout = finish_timeout(&daemon->config);
	int err;

	/* 0 only if workers have ended by themselves, which is not in order */
	err = pager_wait(daemon->session, 0);
	if (err != ETIMEDOUT) {
		log_error("serving has ended: %s",
			  pager_strerror(err ? err : ENODEV));
		return EXIT_RUNTIME;
	}
	log_debug("writing modified data back");
	err = daemon->tree ? tree_finish(daemon->tree, timeout) :
			     service_finish(&daemon->service, timeout);
	return err ? EXIT_RUNTIME : EXIT_OK;
}

static void close_all(struct daemon *daemon)
{
	pager_close(daemon->session);
	pidfile_drop();
	if (daemon->config.directory)
		tree_close(daemon->tree);
	else
		store_close(&daemon->service.store);
}

int main(int argc, char **argv)
{
	static struct daemon daemon = {
		.service.resizing = PTHREAD_MUTEX_INITIALIZER,
		.signals = -1,
	};
	enum exit_status status;

	config_parse(&daemon.config, argc, argv);
	log_verbose(daemon.config.verbose);
	status = open_store(&daemon);
	if (status != EXIT_OK)
		return status;
	if (!daemon.config.foreground)
		background_enter();
	status = start(&daemon);
	if (status == EXIT_OK) {
		log_debug("%s/%s is served", MACH_VM_NODE_DIR,
			  daemon.config.name);
		background_ready();
		serve(&daemon);
		status = stop(&daemon);
	}
	close_all(&daemon);
	return status;
}
