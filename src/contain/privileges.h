// Giving up root.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/file.h"

namespace symbolon::contain {

struct User {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
};

// By name. None: there is no such user.
std::optional<User> find_user(const std::string& name);

// Whom a folder belongs to. None: nobody with a name, or there is no such folder.
std::optional<User> owner_of(const Path& folder);
// Who has the keys of a CA whose state belongs to `user`: NAME-signer. None: there is no such user.
std::optional<User> signer_of(const User& user);

enum class Keep : std::uint8_t { nothing, low_ports };  // low_ports: CAP_NET_BIND_SERVICE

// Becomes this user with its groups, for good, and gives up every capability but what is kept. Only as root, before
// there are threads. Fails with system_error.
Status become(const User& user, Keep keep);

}  // namespace symbolon::contain
