/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much memory the pool may have, and what it does not need going back: after
 * some seconds, or at once when Linux is short or the limit was cut.
 */
#ifndef MACH_TRIM_H
#define MACH_TRIM_H

int mach_trim_init(void);
void mach_trim_exit(void);

#endif /* MACH_TRIM_H */
