/* SPDX-License-Identifier: GPL-2.0-only */
/* What all tools say where the module is not. */
#ifndef TOOLS_MODULE_H
#define TOOLS_MODULE_H

#define LOAD_MODULE	"load the module (modprobe machvm), or try it in 'make shell'"

#endif /* TOOLS_MODULE_H */
