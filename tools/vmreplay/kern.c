// SPDX-License-Identifier: GPL-2.0-only
/* What the module's own code wants to find here: a count of its steps. */

unsigned long mach_kern_steps;
