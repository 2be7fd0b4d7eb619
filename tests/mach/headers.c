// SPDX-License-Identifier: GPL-2.0-only
/* Every header of Mach twice, which has to do no harm; the Makefile tries each alone. */
#include <mach/kern_return.h>
#include <mach/vm_prot.h>
#include <mach/mach.h>
#include <mach/mach_types.h>
#include <mach/mach_vm.h>
#include <mach/memory_object.h>
#include <mach/message.h>
#include <mach/vm_param.h>
#include <mach/vm_statistics.h>
#include <mach/vm_sync.h>
#include <mach/mach.h>

extern const unsigned int headers_included;

const unsigned int headers_included = VM_PROT_ALL + VM_SYNC_CONTIGUOUS +
	KERN_WRITE_PROTECTION_FAILURE + MEMORY_OBJECT_COPY_DELAY;
