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
  Result<std::string> get(std::string target) const;  // the answer's body
  Path socket_;
};

}  // namespace symbolon::enroll
