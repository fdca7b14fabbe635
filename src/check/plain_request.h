// What a port says that speaks no TLS.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "tls/probe.h"

namespace symbolon::check {

struct PlainAnswer {
  tls::ProbeEnd end = tls::ProbeEnd::timeout;  // data, cut, reset or timeout
  std::string octets = {};                     // of what came, bounded
};

// Sends `request` over the connected socket and takes in what comes until the other side ends it, pauses, or `wait` is
// over. Total.
PlainAnswer ask_plainly(int descriptor, std::string_view request, std::chrono::milliseconds wait);

}  // namespace symbolon::check
