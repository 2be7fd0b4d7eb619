// SPDX-License-Identifier: GPL-2.0-only
/*
 * A QEMU plug-in that counts where the instructions of machbench's timed part
 * go: for each block of code, how often it ran and how many instructions that
 * were, between the two marks that machbench executes.
 *
 * Nothing in the machine is slowed or disturbed: its clock counts instructions,
 * and the counting is done by none of them.
 *
 * Usage: qemu ... -plugin file=libcount.so,out=FILE. At each end mark FILE is
 * written anew with the counts since the mark before, a line a block: address,
 * runs, instructions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define BUCKETS		(1U << 16)
#define MARK_SIZE	7

static const unsigned char mark_begin[] = "\x0f\x1f\x80hcam";
static const unsigned char mark_end[] = "\x0f\x1f\x80\x63\x61mh";

/* A block is translated more than once; all of them count here. */
struct block {
	struct block *next;
	uint64_t address;
	uint64_t runs;
	uint64_t instructions;
	uint64_t runs_before;
	uint64_t instructions_before;
};

static struct block *blocks[BUCKETS];
static const char *path;

int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static struct block *find_block(uint64_t address)
{
	struct block **bucket, *block;

	bucket = &blocks[(address * 0x9e3779b97f4a7c15ULL) >> 48];
	for (block = *bucket; block; block = block->next)
		if (block->address == address)
			return block;
	block = calloc(1, sizeof(*block));
	if (!block)
		abort();
	block->address = address;
	block->next = *bucket;
	*bucket = block;
	return block;
}

static void remember(void)
{
	struct block *block;
	size_t i;

	for (i = 0; i < BUCKETS; i++) {
		for (block = blocks[i]; block; block = block->next) {
			block->runs_before = block->runs;
			block->instructions_before = block->instructions;
		}
	}
}

static void print_block(FILE *file, const struct block *block)
{
	uint64_t runs = block->runs - block->runs_before;

	if (runs)
		fprintf(file, "%016" PRIx64 " %" PRIu64 " %" PRIu64 "\n",
			block->address, runs,
			block->instructions - block->instructions_before);
}

static void print(FILE *file)
{
	const struct block *block;
	size_t i;

	for (i = 0; i < BUCKETS; i++)
		for (block = blocks[i]; block; block = block->next)
			print_block(file, block);
}

static void begin(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	remember();
}

static void end(unsigned int cpu, void *data)
{
	FILE *file = fopen(path, "w");

	(void)cpu;
	(void)data;
	if (!file) {
		perror(path);
		return;
	}
	print(file);
	if (fclose(file))
		perror(path);
}

static void look_for_marks(struct qemu_plugin_insn *insn)
{
	const void *code = qemu_plugin_insn_data(insn);

	if (qemu_plugin_insn_size(insn) != MARK_SIZE)
		return;
	if (!memcmp(code, mark_begin, MARK_SIZE))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, begin,
						       QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
	else if (!memcmp(code, mark_end, MARK_SIZE))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, end,
						       QEMU_PLUGIN_CB_NO_REGS,
						       NULL);
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	struct block *block = find_block(qemu_plugin_tb_vaddr(tb));
	size_t i, nr = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb,
						 QEMU_PLUGIN_INLINE_ADD_U64,
						 &block->runs, 1);
	qemu_plugin_register_vcpu_tb_exec_inline(tb,
						 QEMU_PLUGIN_INLINE_ADD_U64,
						 &block->instructions, nr);
	for (i = 0; i < nr; i++)
		look_for_marks(qemu_plugin_tb_get_insn(tb, i));
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info,
			int argc, char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "count: give out=FILE\n");
		return -1;
	}
	path = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
