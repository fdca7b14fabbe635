// One connection to the endpoint, and what came of it.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/endpoint.h"
#include "prove/entry.h"
#include "tls/misuse_client.h"

namespace symbolon::prove {

struct Target {
  net::Endpoint endpoint;
  std::string server_name;  // SNI, and Host; empty or an address: no SNI
  std::string other_name;   // another name, for SNI and Host that disagree
  std::string path = "/";   // asked for in HTTP
  std::string text = {};    // sent instead of HTTP; empty: HTTP
  std::chrono::milliseconds connect{5'000};
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds linger{3'000};

  Ask ask() const { return text.empty() ? Ask::http : Ask::text; }
  // `fields`: whole lines of the head, each with its line break.
  std::string request(std::string_view host, std::string_view at, std::string_view fields = {}) const;
};

struct Visit {
  Entry entry = Entry::unreachable;
  tls::MisuseResult tls;
  std::optional<HttpAnswer> http = {};
  bool let_in() const { return entry == Entry::let_in; }
  std::string words() const { return describe(tls, entry); }
};

class Visitor {
 public:
  explicit Visitor(Target target) : target_(std::move(target)) {}
  const Target& target() const { return target_; }

  // The options as they are, but the times, which are the target's, and an empty request, which becomes the usual one.
  // An endpoint that does not take the connection is tried a second time.
  Visit visit(tls::MisuseOptions options) const;
  // The same, but nothing is sent after the handshake.
  Visit visit_in_silence(tls::MisuseOptions options) const;
  // Under the usual server name.
  tls::MisuseOptions as(std::shared_ptr<const tls::Credential> credential) const;
  tls::MisuseOptions as(std::shared_ptr<const tls::Credential> credential, tls::ProtocolVersion only) const;

 private:
  Target target_;
};

}  // namespace symbolon::prove
