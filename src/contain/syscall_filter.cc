#include "contain/syscall_filter.h"

#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>

#include "base/errno_text.h"

#ifdef __clang__  // libseccomp's macros are C
#pragma clang diagnostic ignored "-Wc99-extensions"
#pragma clang diagnostic ignored "-Wmissing-field-initializers"
#endif

namespace symbolon::contain {
namespace {

struct Release {
  void operator()(void* filter) const { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;

constexpr std::uint32_t kRefused = SCMP_ACT_ERRNO(EPERM);

// The allowed calls of the signer, by what needs them.
constexpr int kSignerCalls[] = {
    // packets, the log
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(sendmsg),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(close),
    // SQLite on files that are open: pages, locks, the shared index of the journal
    SCMP_SYS(pread64),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fcntl),
    SCMP_SYS(ftruncate),
    SCMP_SYS(pwrite64),
    SCMP_SYS(fsync),
    SCMP_SYS(fdatasync),
    // memory, threads, time, randomness
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(sched_yield),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getuid),
    SCMP_SYS(munlock),
    SCMP_SYS(munlockall),
    // ending
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(tgkill),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
};

// What no server of ours needs, and everyone who broke into one wants.
constexpr int kRefusedCalls[] = {
    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(move_mount),
    SCMP_SYS(open_tree),
    SCMP_SYS(fsopen),
    SCMP_SYS(fsconfig),
    SCMP_SYS(fsmount),
    SCMP_SYS(fspick),
    SCMP_SYS(mount_setattr),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(reboot),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(acct),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(personality),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(name_to_handle_at),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(quotactl),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(syslog),
    SCMP_SYS(vhangup),
    SCMP_SYS(modify_ldt),
    SCMP_SYS(memfd_secret),
    SCMP_SYS(fanotify_init),
};

std::unexpected<Error> refused(int problem) { return fail(Code::system_error, "seccomp: {}", errno_text(-problem)); }

Status add(const Filter& filter, std::uint32_t action, std::span<const int> calls) {
  for (const int call : calls) {
    const int done = ::seccomp_rule_add(filter.get(), action, call, 0);
    if (done != 0 && done != -EDOM) return refused(done);  // EDOM: not a call of this machine
  }
  return {};
}

// Memory that is written and then executed is how foreign code gets in. A server may map files to execute (the
// libraries of the resolver), the signer not even that.
Status refuse_executable_memory(const Filter& filter, FilterKind kind) {
  constexpr scmp_datum_t kExecutable = 4;  // PROT_EXEC
  const bool only_listed = kind == FilterKind::signer;
  for (const int call : {SCMP_SYS(mprotect), SCMP_SYS(pkey_mprotect), SCMP_SYS(mmap)}) {
    if (call == SCMP_SYS(mmap) && !only_listed) continue;
    const int done = ::seccomp_rule_add(filter.get(), only_listed ? SCMP_ACT_ALLOW : kRefused, call, 1,
                                        SCMP_A2(SCMP_CMP_MASKED_EQ, kExecutable, only_listed ? 0 : kExecutable));
    if (done != 0) return refused(done);
  }
  return {};
}

// Threads, but no processes. What clone3 makes stands in memory, where no filter sees it: without it the C library
// uses clone.
Status refuse_processes(const Filter& filter, FilterKind kind) {
  const bool only_listed = kind == FilterKind::signer;
  int done = ::seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  if (done == 0) {
    done = ::seccomp_rule_add(
        filter.get(), only_listed ? SCMP_ACT_ALLOW : kRefused, SCMP_SYS(clone), 1,
        SCMP_A0(SCMP_CMP_MASKED_EQ, scmp_datum_t{CLONE_THREAD}, only_listed ? scmp_datum_t{CLONE_THREAD} : 0));
  }
  if (done != 0) return refused(done);
  return {};
}

Status refuse_family(const Filter& filter, int family) {
  const int done = ::seccomp_rule_add(filter.get(), kRefused, SCMP_SYS(socket), 1,
                                      SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(family)));
  if (done != 0) return refused(done);
  return {};
}

// What would connect over TCP without asking Landlock: MPTCP, which falls back to TCP (and anything else that is
// neither TCP nor UDP), and TCP Fast Open, which connects with the first octets.
Status refuse_ways_around_ports(const Filter& filter) {
  const auto refuse = [&](int call, const scmp_arg_cmp& when) -> Status {
    const int done = ::seccomp_rule_add(filter.get(), kRefused, call, 1, when);
    if (done != 0) return refused(done);
    return {};
  };
  for (scmp_datum_t protocol = 1; protocol < IPPROTO_UDP; ++protocol) {
    if (protocol != IPPROTO_TCP) TRY(refuse(SCMP_SYS(socket), SCMP_A2(SCMP_CMP_EQ, protocol)));
  }
  TRY(refuse(SCMP_SYS(socket), SCMP_A2(SCMP_CMP_GT, scmp_datum_t{IPPROTO_UDP})));
  constexpr scmp_datum_t kFastOpen = MSG_FASTOPEN;
  TRY(refuse(SCMP_SYS(sendto), SCMP_A3(SCMP_CMP_MASKED_EQ, kFastOpen, kFastOpen)));
  TRY(refuse(SCMP_SYS(sendmsg), SCMP_A2(SCMP_CMP_MASKED_EQ, kFastOpen, kFastOpen)));
  TRY(refuse(SCMP_SYS(sendmmsg), SCMP_A3(SCMP_CMP_MASKED_EQ, kFastOpen, kFastOpen)));
  return {};
}

// All but TCP, UDP and Unix sockets.
Status refuse_sockets(const Filter& filter) {
  for (int family = 0; family < AF_MAX; ++family) {
    if (family != AF_INET && family != AF_INET6 && family != AF_UNIX) TRY(refuse_family(filter, family));
  }
  for (const scmp_datum_t type : {scmp_datum_t{SOCK_RAW}, scmp_datum_t{SOCK_PACKET}}) {
    constexpr scmp_datum_t kTypes = 0xf;
    const int done =
        ::seccomp_rule_add(filter.get(), kRefused, SCMP_SYS(socket), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, kTypes, type));
    if (done != 0) return refused(done);
  }
  return {};
}

Result<Filter> make(FilterKind kind) {
  const bool only_listed = kind == FilterKind::signer;
  // Calls of another architecture (32 bits) would be a way around: libseccomp kills who makes them.
  Filter filter(::seccomp_init(only_listed ? kRefused : SCMP_ACT_ALLOW));
  if (!filter) return fail(Code::system_error, "seccomp: no filter could be made");
  switch (kind) {
    case FilterKind::signer: TRY(add(filter, SCMP_ACT_ALLOW, kSignerCalls)); break;
    case FilterKind::server:
      TRY(add(filter, kRefused, kRefusedCalls));
      TRY(refuse_sockets(filter));
      TRY(refuse_ways_around_ports(filter));
      break;
    case FilterKind::no_unix: TRY(refuse_family(filter, AF_UNIX)); return filter;
  }
  TRY(refuse_executable_memory(filter, kind));
  TRY(refuse_processes(filter, kind));
  return filter;
}

}  // namespace

Result<bool> filter_calls(FilterKind kind) {
  if (::prctl(PR_GET_SECCOMP) < 0 && errno == EINVAL) return false;
  const Filter filter = TRY(make(kind));
  // All threads at once: there should be one, but a library may have started another.
  ::seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  if (const int done = ::seccomp_load(filter.get()); done != 0) return refused(done);
  return true;
}

}  // namespace symbolon::contain
