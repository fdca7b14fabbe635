// The way to a server: what stands between this machine and its ClientHello.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "check/starttls.h"
#include "net/tunnel.h"

namespace symbolon::check {

enum class ProxyProtocol : std::uint8_t { none, v1, v2 };

struct Way {
  std::shared_ptr<const net::TunnelProxy> proxy = {};  // null: none
  ProxyProtocol proxy_protocol = ProxyProtocol::none;  // sent first, with our own addresses
  std::optional<StartTls> starttls = {};
  std::chrono::milliseconds connect{5'000};    // for all addresses of the name
  std::chrono::milliseconds dialogue{10'000};  // for proxy and STARTTLS together
};

// As far as it was gone.
enum class Stage : std::uint8_t { dialling, proxy, proxy_header, starttls, reached };

// What was seen on it: facts only.
struct WaySeen {
  Stage stage = Stage::dialling;
  std::string proxy = {};  // "socks5://127.0.0.1:1080"; empty: none
  ProxyProtocol proxy_protocol = ProxyProtocol::none;
  std::optional<StartTls> starttls = {};
  std::vector<Said> dialogue = {};  // of STARTTLS
};

// The command line, as it was typed.
struct WayArguments {
  std::optional<std::string> proxy = {};           // --proxy http://HOST:PORT, socks5://HOST:PORT
  std::optional<Path> proxy_credentials = {};      // --proxy-credentials: user:password in one line
  std::optional<std::string> proxy_protocol = {};  // --proxy-protocol v1, v2
  std::optional<std::string> starttls = {};        // --starttls PROTOCOL
};

// Fails with usage (also where a password stands in --proxy: others can read command lines), key_file_exposed,
// config_bad_value (what stands in the file), file_missing and the like.
Result<Way> read_way(const WayArguments& arguments);

// The port of an endpoint that has none.
std::uint16_t default_port(const Way& way);

}  // namespace symbolon::check
