/* io/confine.c: seccomp filters: two small BPF programs (kernel documentation, "Seccomp BPF"; seccomp(2)). Limits of
 * memory, time and processes, and which child gets which filter: spawn.c. */
#include "io/confine.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/arena.h"

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#endif

#ifdef MACHINE

#define X32_BIT 0x40000000u /* system calls of the x32 ABI on x86-64 */
#define REFUSE (SECCOMP_RET_ERRNO | EPERM)

#define LOAD(member) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
/* The low half of an argument: the kernel reads only this half, and it is first on both architectures. */
#define LOAD_ARGUMENT(n) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 8 * (n))
#define RETURN(with) BPF_STMT(BPF_RET | BPF_K, (with))
#define SKIP_UNLESS(value, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(value), 0, (n))
#define SKIP_IF_ANY(bits, n) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (unsigned)(bits), (n), 0)
#define ALLOW(number) SKIP_UNLESS(number, 1), RETURN(SECCOMP_RET_ALLOW)

/* System calls of another architecture have other numbers, and are refused. */
#define PROLOGUE                                                                                                       \
	LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS), LOAD(nr),    \
	    BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1), RETURN(REFUSE)

static bool
confine_load(const struct sock_filter *filter, size_t n)
{
	struct sock_fprog program = { .len = (unsigned short)n, .filter = (struct sock_filter *)filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

bool
confine_local(void)
{
	static const struct sock_filter filter[] = {
		PROLOGUE,
		/* io_uring can open sockets without this call. */
		SKIP_UNLESS(__NR_io_uring_setup, 1),
		RETURN(REFUSE),
		SKIP_UNLESS(__NR_socket, 3),
		LOAD_ARGUMENT(0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0),
		RETURN(REFUSE),
		RETURN(SECCOMP_RET_ALLOW),
	};

	return confine_load(filter, ARRAY_SIZE(filter));
}

bool
confine_sealed(void)
{
	const struct sock_filter filter[] = {
		PROLOGUE,
		ALLOW(__NR_read),
		ALLOW(__NR_write),
		ALLOW(__NR_readv),
		ALLOW(__NR_writev),
		ALLOW(__NR_recvfrom),
		ALLOW(__NR_sendto),
#ifdef __NR_poll
		ALLOW(__NR_poll),
#endif
		ALLOW(__NR_ppoll),
		ALLOW(__NR_close),
		ALLOW(__NR_lseek),
		ALLOW(__NR_fstat),
		ALLOW(__NR_brk),
		ALLOW(__NR_munmap),
		ALLOW(__NR_mremap),
		ALLOW(__NR_madvise),
		ALLOW(__NR_futex),
		ALLOW(__NR_sched_yield),
		ALLOW(__NR_clock_gettime),
		ALLOW(__NR_clock_getres),
		ALLOW(__NR_gettimeofday),
#ifdef __NR_time
		ALLOW(__NR_time),
#endif
		ALLOW(__NR_setitimer),
		ALLOW(__NR_getrandom),
		ALLOW(__NR_getrusage),
		ALLOW(__NR_getpid),
		ALLOW(__NR_gettid),
		/* abort sends a signal to its own process. */
		SKIP_UNLESS(__NR_tgkill, 4),
		LOAD_ARGUMENT(0),
		SKIP_UNLESS(getpid(), 1),
		RETURN(SECCOMP_RET_ALLOW),
		LOAD(nr),
		ALLOW(__NR_rt_sigaction),
		ALLOW(__NR_rt_sigprocmask),
		ALLOW(__NR_rt_sigreturn),
		ALLOW(__NR_sigaltstack),
		ALLOW(__NR_restart_syscall),
		ALLOW(__NR_exit),
		ALLOW(__NR_exit_group),
		/* Memory must not become executable. */
		SKIP_UNLESS(__NR_mmap, 3),
		LOAD_ARGUMENT(2),
		SKIP_IF_ANY(PROT_EXEC, 1),
		RETURN(SECCOMP_RET_ALLOW),
		LOAD(nr),
		SKIP_UNLESS(__NR_mprotect, 3),
		LOAD_ARGUMENT(2),
		SKIP_IF_ANY(PROT_EXEC, 1),
		RETURN(SECCOMP_RET_ALLOW),
		RETURN(REFUSE),
	};

	return confine_load(filter, ARRAY_SIZE(filter));
}

#else

bool
confine_local(void)
{
	return false;
}

bool
confine_sealed(void)
{
	return false;
}

#endif
