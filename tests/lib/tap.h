/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tests that print one line each: "ok NAME", "not ok NAME: why", "skip NAME: why".
 *
 * Every test runs in a process group of its own, so a crash, a hang or a
 * forgotten child is the failure of one test and never of the next.
 */
#ifndef MACHVM_TESTS_TAP_H
#define MACHVM_TESTS_TAP_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct tap_test - One test of a program.
 * @name: words joined by '-'; the program's name and '/' are put before it
 * @run: returns if the test passed; see CHECK() and tap_is()
 * @variant: for @run, in tap_variant
 * @seconds: time allowed, 0 for the default
 */
struct tap_test {
	const char *name;
	void (*run)(void);
	int variant;
	unsigned int seconds;
};

/* The running test's struct tap_test::variant. */
extern int tap_variant;

/* main() of a test program; ends by returning what main() should return. */
int tap_main(int argc, char **argv, const struct tap_test *tests, size_t nr);

/* End the running test, from any thread or child of it. */
void tap_fail(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));
void tap_skip(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

/*
 * One check of a table: prints its own line under the running test's name and
 * goes on. Results are as everywhere in these tests: a value, -errno or
 * TAP_SIGNAL(number).
 */
void tap_is(const char *sub, long got, long want);
void tap_sub(const char *sub, bool passed, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A line for who reads the output; not a result. */
void tap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define TAP_SIGNAL(sig)	(-10000L - (sig))

/* "EINVAL", "SIGBUS" or the number; the text is good until 8 calls later. */
const char *tap_result(long value);

/* How much longer than usual all may take here: $MACHVM_SLOW, or 1. */
int tap_slow(void);

/* Is this one of many tests on a kernel where each takes long? $MACHVM_BRIEF */
bool tap_brief(void);

/* How long to go on with what finds more the longer it lasts; usually @ms */
long tap_storm_ms(long ms);

long tap_now_ms(void);
void tap_pause_ms(long ms);

#define CHECK(cond, ...)						\
	do {								\
		if (!(cond))						\
			tap_fail_at(__FILE__, __LINE__, __VA_ARGS__);	\
	} while (0)

#define CHECK_IS(expr, want)						\
	do {								\
		long got_ = (expr), want_ = (want);			\
									\
		if (got_ != want_)					\
			tap_fail_at(__FILE__, __LINE__,			\
				    "%s is %s, not %s", #expr,		\
				    tap_result(got_), tap_result(want_)); \
	} while (0)

/* Wait for a condition to come true, at most so long. */
#define CHECK_WAIT(cond, ms, ...)					\
	do {								\
		long end_ = tap_now_ms() + (ms);			\
									\
		while (!(cond)) {					\
			CHECK(tap_now_ms() < end_, __VA_ARGS__);	\
			tap_pause_ms(1);				\
		}							\
	} while (0)

void tap_fail_at(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* The result of a system call in the tests' way: value or -errno. */
#define RESULT(call)							\
	({								\
		long res_ = (long)(call);				\
									\
		res_ == -1 ? -(long)errno : res_;			\
	})

#endif /* MACHVM_TESTS_TAP_H */
