// The file of a Unix socket that we listen on.
#pragma once

#include <sys/types.h>

#include <string>

#include "net/endpoint.h"

namespace symbolon::net {

// Removes the file on death, unless another one stands there by then. `endpoint` must have been bound before.
class UnixSocketFile {
 public:
  explicit UnixSocketFile(const Endpoint& endpoint);
  UnixSocketFile(const UnixSocketFile&) = delete;
  UnixSocketFile& operator=(const UnixSocketFile&) = delete;
  ~UnixSocketFile();

  // Fails with file_unwritable.
  Status set_mode(unsigned mode) const;

 private:
  bool is_ours() const;

  std::string path_;
  dev_t device_ = 0;
  ino_t file_ = 0;
};

}  // namespace symbolon::net
