// What is wrong with a chain by the clock and the certificates alone, whoever trusts it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "check/report.h"

namespace symbolon::check {

// Leaf first, as it was sent. Each finding is proven. An empty chain has none.
std::vector<Finding> chain_facts(const std::vector<x509::Certificate>& chain, PeerRole role, UnixSeconds at);

// Where the certificates do not stand in order, each certified by the next; surplus ones that certify nothing are none
// of that. Nothing: they do.
std::optional<std::string> order_problem(const std::vector<x509::Certificate>& chain);

// How much of a certificate's time may be left before it ends "soon": a tenth of its life, 30 days at most.
Seconds soon(const x509::Certificate& certificate);

// `from`, but for codes that `to` has already.
void append_new(std::vector<Finding>& to, std::vector<Finding> from);

}  // namespace symbolon::check
