// `symbolon export apache|nginx|haproxy`: a complete working configuration of mutual TLS for another server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace symbolon::enroll {

enum class ServerSoftware : std::uint8_t { apache, nginx, haproxy };
std::optional<ServerSoftware> server_software_from_name(std::string_view name);

struct ServerExport {
  std::string server_name;         // "app.example"
  std::string certificate;         // path of the PEM file: leaf and intermediates
  std::string key;                 // path of its key
  std::string client_ca;           // path of the PEM bundle whose clients are admitted
  int depth = 3;                   // intermediates at most, as everywhere in symbolon
  std::string listen = ":8443";    // "[ADDRESS]:PORT"
  std::string document_root = {};  // Apache, nginx: what is served...
  std::string backend = {};        // ...or "127.0.0.1:3000": where requests go. HAProxy needs it.
};

// Pure; the text explains itself in comments. Fails with bad_request when a value cannot stand in a configuration
// (quotes, line breaks, control characters, relative paths) or one that is needed is missing.
Result<std::string> export_server(ServerSoftware software, const ServerExport& options);

}  // namespace symbolon::enroll
