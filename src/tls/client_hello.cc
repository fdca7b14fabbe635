#include "tls/client_hello.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace symbolon::tls {
namespace {

constexpr std::uint8_t kHostName = 0;

std::size_t read_length(ByteView bytes) { return static_cast<std::size_t>(bytes[0]) << 8 | bytes[1]; }

bool is_address(const std::string& name) {
  std::array<std::uint8_t, 16> octets{};
  return inet_pton(AF_INET, name.c_str(), octets.data()) == 1 || inet_pton(AF_INET6, name.c_str(), octets.data()) == 1;
}

}  // namespace

Result<std::optional<std::string>> parse_server_name(ByteView extension) {
  // struct { ServerName server_name_list<1..2^16-1> } with ServerName { NameType name_type; opaque HostName<1..2^16-1>
  // }
  if (extension.size() < 5 || read_length(extension) != extension.size() - 2)
    return fail(Code::handshake_malformed, "server_name: the list's length is wrong");
  if (extension[2] != kHostName)
    return fail(Code::handshake_malformed, "server_name: name type {} is not host_name", extension[2]);
  // "The ServerNameList MUST NOT contain more than one name of the same name_type."
  const ByteView name = extension.subspan(5);
  if (read_length(extension.subspan(3)) != name.size() || name.empty())
    return fail(Code::handshake_malformed, "server_name: not exactly one name");
  if (std::ranges::find(name, std::uint8_t{0}) != name.end())
    return fail(Code::handshake_malformed, "server_name: a name with NUL");
  std::string out(as_text(name));
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  if (is_address(out)) return std::optional<std::string>();
  return std::optional(std::move(out));
}

}  // namespace symbolon::tls
