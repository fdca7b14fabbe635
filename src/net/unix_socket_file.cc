#include "net/unix_socket_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <system_error>

#include "net/listener.h"

namespace symbolon::net {

UnixSocketFile::UnixSocketFile(const Endpoint& endpoint) : path_(endpoint.host) {
  struct stat status{};
  if (lstat(path_.c_str(), &status) != 0) return;
  device_ = status.st_dev;
  file_ = status.st_ino;
}

UnixSocketFile::~UnixSocketFile() {
  if (is_ours()) remove_unix_socket(path_);
}

Status UnixSocketFile::set_mode(unsigned mode) const {
  if (is_ours() && chmod(path_.c_str(), static_cast<mode_t>(mode)) == 0) return {};
  return fail_at(path_, Code::file_unwritable, "setting its mode: {}", std::generic_category().message(errno));
}

bool UnixSocketFile::is_ours() const {
  struct stat status{};
  return lstat(path_.c_str(), &status) == 0 && S_ISSOCK(status.st_mode) && status.st_dev == device_ &&
         status.st_ino == file_;
}

}  // namespace symbolon::net
