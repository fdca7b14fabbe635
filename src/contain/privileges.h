// Giving up root.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace symbolon::contain {

struct User {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups = {};  // all of them
};

// By name. None: there is no such user.
std::optional<User> find_user(const std::string& name);

// Whom a folder belongs to, also where that user has no name. None: there is no such folder.
std::optional<User> owner_of(const Path& folder);
// Who has the keys of a CA whose state belongs to `user`: NAME-signer. None: there is no such user.
std::optional<User> signer_of(const User& user);

enum class Keep : std::uint8_t { nothing, low_ports };  // low_ports: CAP_NET_BIND_SERVICE

// Becomes this user with its groups, for good, and gives up every capability but what is kept. Only as root, before
// there are threads. Fails with system_error.
Status become(const User& user, Keep keep);

// While it lives, root's process is this user with its groups: for files, and for whoever asks a socket who its peer is
// (SO_PEERCRED). Nothing without a user, or where the process is not root. Of one thread alone.
class ActingAs {
 public:
  explicit ActingAs(const std::optional<User>& user);
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;
  ~ActingAs();
  // False: it could not be done; whatever was to be done as this user must not be done then.
  bool done() const { return done_; }

 private:
  std::vector<gid_t> groups_;
  bool acting_ = false;
  bool done_ = true;
};

}  // namespace symbolon::contain
