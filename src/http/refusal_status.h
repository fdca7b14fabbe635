// The statuses by which servers say in HTTP that a client does not get in.
#pragma once

#include <algorithm>
#include <array>

namespace symbolon::http {

// 400: nginx, of whose certificate does not verify; 401 and 403 (RFC 9110 §15.5); 421: not on this connection; 495 and
// 496: nginx's own numbers for a certificate that does not verify, and for none.
inline constexpr std::array kRefusalStatuses{400, 401, 403, 421, 495, 496};

constexpr bool refuses_client(int status) {
  return std::find(kRefusalStatuses.begin(), kRefusalStatuses.end(), status) != kRefusalStatuses.end();
}

}  // namespace symbolon::http
