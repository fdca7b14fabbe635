// A body that is made piece by piece while it is sent.
#pragma once

#include <optional>
#include <string>

#include "net/socket.h"

namespace symbolon::http {

class BodySource {
 public:
  virtual ~BodySource() = default;
  // The next piece, not empty; none: the body is whole. Runs on the connection's strand.
  virtual net::Task<std::optional<std::string>> next() = 0;
};

}  // namespace symbolon::http
