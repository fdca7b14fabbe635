// What a gateway says over the Unix socket of its state folder (docs/api.md), as blocking calls.
#pragma once

#include <memory>

#include "api/gateway_info.h"
#include "api/rejection.h"
#include "base/error.h"
#include "base/file.h"

namespace symbolon::enroll {

// One thread at a time; a connection for each call. Failures of the gateway keep their code; gateway_unreachable: no
// gateway answers there.
class GatewayClient {
 public:
  explicit GatewayClient(Path socket) : socket_(std::move(socket)) {}

  Result<api::GatewayStatus> status() const;
  Result<api::SeenPage> seen(const api::SeenQuery& query) const;
  Result<api::RejectionList> rejections(const api::RejectionQuery& query) const;

 private:
  // The answer's body, which has no more octets.
  Result<std::string> get(std::string target, std::size_t most = 64 << 20) const;
  Path socket_;
};

}  // namespace symbolon::enroll
