/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libhurdpager - libuserpager, whose functions have the names of libpager's, beside
 * libpager: its pager_create() is session_create() here, its struct pager is struct
 * session_object, and so on. The library has a copy of its own, compiled with the
 * same names, which the Makefile makes of libuserpager.map.
 */
#ifndef _HURDPAGER_SESSION_H
#define _HURDPAGER_SESSION_H

#include "session-names.h"

#include <userpager/pager.h>

#include "session-names-end.h"

#endif /* _HURDPAGER_SESSION_H */
