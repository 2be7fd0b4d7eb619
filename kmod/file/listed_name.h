/* SPDX-License-Identifier: GPL-2.0-only */
/* Lookups and listings of listed directories, and inodes of the names in them. */
#ifndef MACH_LISTED_NAME_H
#define MACH_LISTED_NAME_H

#include "listed.h"

extern const struct mach_listed_operations mach_listed_operations;

#endif /* MACH_LISTED_NAME_H */
