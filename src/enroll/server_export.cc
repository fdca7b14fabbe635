#include "enroll/server_export.h"

#include <fmt/format.h>

#include <algorithm>

#include "enroll/server_templates.h"
#include "x509/name.h"

namespace symbolon::enroll {
namespace {

// A value goes between double quotes or bare into three syntaxes; what any of them could read as more is refused.
Status check_value(std::string_view what, std::string_view value) {
  for (const char c : value) {
    const bool harmless = c > 0x20 && c < 0x7f && std::string_view("\"'`\\${}<>;#%").find(c) == std::string_view::npos;
    if (!harmless) {
      return fail(Code::bad_request, "{}: \"{}\" holds a blank, quote or sign that has a meaning in configurations",
                  what, value);
    }
  }
  return {};
}

Status check_path(std::string_view what, std::string_view path) {
  if (path.empty()) return fail(Code::bad_request, "{} is missing", what);
  if (!path.starts_with('/')) return fail(Code::bad_request, "{}: {} is no absolute path", what, path);
  return check_value(what, path);
}

Status check_options(ServerSoftware software, const ServerExport& options) {
  TRY(x509::GeneralName::dns(options.server_name));
  TRY(check_path("the certificate", options.certificate));
  TRY(check_path("the key", options.key));
  TRY(check_path("the clients' CA", options.client_ca));
  if (!options.document_root.empty()) TRY(check_path("the document root", options.document_root));
  TRY(check_value("the backend", options.backend));
  if (options.depth < 0 || options.depth > 9) return fail(Code::bad_request, "depth {} is not 0 to 9", options.depth);
  if (!options.backend.empty() && !options.document_root.empty()) {
    return fail(Code::bad_request, "either a document root or a backend");
  }
  if (software == ServerSoftware::haproxy && options.backend.empty()) {
    return fail(Code::bad_request, "HAProxy needs a backend (HOST:PORT)");
  }
  if (!options.backend.empty() && options.backend.find(':') == std::string::npos) {
    return fail(Code::bad_request, "the backend {} is not HOST:PORT", options.backend);
  }
  return {};
}

// "[ADDRESS]:PORT" in two halves; the address is empty for every one.
Result<ListenAddress> parse_listen(const std::string& listen) {
  const std::size_t colon = listen.rfind(':');
  const std::string port = colon == std::string::npos ? listen : listen.substr(colon + 1);
  const bool digits = !port.empty() && port.size() <= 5 &&
                      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || std::stoi(port) < 1 || std::stoi(port) > 65535) {
    return fail(Code::bad_request, "\"{}\" is no ADDRESS:PORT to listen on", listen);
  }
  ListenAddress out{colon == std::string::npos ? "" : listen.substr(0, colon), port};
  if (out.address.empty() || out.address == "*") return ListenAddress{"", port};
  const bool bracketed = out.address.starts_with('[') && out.address.ends_with(']');
  TRY(x509::GeneralName::ip(bracketed ? out.address.substr(1, out.address.size() - 2) : out.address));
  return out;
}

}  // namespace

std::optional<ServerSoftware> server_software_from_name(std::string_view name) {
  if (name == "apache") return ServerSoftware::apache;
  if (name == "nginx") return ServerSoftware::nginx;
  if (name == "haproxy") return ServerSoftware::haproxy;
  return {};
}

Result<std::string> export_server(ServerSoftware software, const ServerExport& options) {
  TRY(check_options(software, options));
  const ListenAddress listen = TRY(parse_listen(options.listen));
  switch (software) {
    case ServerSoftware::apache: return apache_configuration(options, listen);
    case ServerSoftware::nginx: return nginx_configuration(options, listen);
    case ServerSoftware::haproxy: return haproxy_configuration(options, listen);
  }
  return fail(Code::internal, "no such software");
}

}  // namespace symbolon::enroll
