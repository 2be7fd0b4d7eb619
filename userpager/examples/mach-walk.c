// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A program as for Mach: a reserved range whose middle is made accessible and
 * filled, a copy of it, and a walk over all that the task has.
 */
#include <errno.h>
#include <mach/mach.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RANGE	(16 * vm_page_size)

static void check(const char *what, kern_return_t kr)
{
	if (kr == KERN_SUCCESS)
		return;
	mach_error(what, kr);
	exit(1);
}

/* The first call opens the task; only errno knows why it could not. */
static void check_task(void)
{
	if (mach_task_self() != MACH_PORT_NULL)
		return;
	fprintf(stderr, "mach-walk: no task: /dev/machvm: %s%s\n", strerror(errno),
		errno == EACCES ? ": be root, or join group machvm" :
		errno == ENOENT ? ": load the module (modprobe machvm), or try 'make shell'" : "");
	exit(1);
}

static void walk(task_t task)
{
	vm_address_t address = 0;
	vm_size_t size;
	vm_prot_t prot, max_prot;
	vm_inherit_t inheritance;
	boolean_t shared;
	memory_object_name_t name;
	vm_offset_t offset;

	while (vm_region(task, &address, &size, &prot, &max_prot, &inheritance,
			 &shared, &name, &offset) == KERN_SUCCESS) {
		printf("%#14lx[%#lx] %c%c%c%s\n", address, size,
		       prot & VM_PROT_READ ? 'r' : '-',
		       prot & VM_PROT_WRITE ? 'w' : '-',
		       prot & VM_PROT_EXECUTE ? 'x' : '-',
		       shared ? " shared" : "");
		if (name != MACH_PORT_NULL)
			mach_port_deallocate(mach_task_self(), name);
		address += size;
	}
}

/* So that others can look at the task */
static void wait_for_signal(void)
{
	printf("'vminfo %d' shows this task; a signal ends it\n", getpid());
	fflush(stdout);
	pause();
}

int main(int argc, char **argv)
{
	bool wait = argc == 2 && !strcmp(argv[1], "--wait");
	vm_address_t range = 0, middle;
	pointer_t copy;
	mach_msg_type_number_t count;

	if (argc > 1 && !wait) {
		fprintf(stderr, "Usage: mach-walk [--wait]\n");
		return 2;
	}
	check_task();
	check("vm_map", vm_map(mach_task_self(), &range, RANGE, 0, TRUE,
			       MACH_PORT_NULL, 0, FALSE, VM_PROT_NONE,
			       VM_PROT_DEFAULT, VM_INHERIT_DEFAULT));
	middle = range + 4 * vm_page_size;
	check("vm_protect", vm_protect(mach_task_self(), middle,
				       2 * vm_page_size, FALSE,
				       VM_PROT_DEFAULT));
	strcpy((char *)middle, "written by the program");
	check("vm_read", vm_read(mach_task_self(), middle, vm_page_size, &copy,
				 &count));
	printf("%u bytes: %s\n", count, (const char *)copy);
	walk(mach_task_self());
	if (wait)
		wait_for_signal();
	check("vm_deallocate", vm_deallocate(mach_task_self(), copy, count));
	check("vm_deallocate", vm_deallocate(mach_task_self(), range, RANGE));
	return 0;
}
