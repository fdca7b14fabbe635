// seccomp: which calls of the kernel a role may make. What is refused fails with EPERM in the program that tries it.
#pragma once

#include <cstdint>

#include "base/error.h"

namespace symbolon::contain {

enum class FilterKind : std::uint8_t {
  // Only what reading and answering packets, an opened ledger and signing need: no opening, no sockets, no processes.
  signer,
  // Everything but: executing, tracing, other processes' memory, mounts, namespaces, modules, keys of the kernel,
  // BPF, io_uring (which would go around the filter), and sockets other than TCP, UDP and Unix.
  server,
  // Beside another one, later: no Unix socket is made any more.
  no_unix,
};

// For all threads; harden_process() comes first, and each filter stays for good. False: the kernel has no seccomp.
// Fails with system_error.
Result<bool> filter_calls(FilterKind kind);

}  // namespace symbolon::contain
