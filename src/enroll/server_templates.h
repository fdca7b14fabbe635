// The three texts of server_export, from options that were checked.
#pragma once

#include <string>

#include "enroll/server_export.h"

namespace symbolon::enroll {

struct ListenAddress {
  std::string address;  // "192.0.2.1", "[2001:db8::1]"; empty: every one
  std::string port;
};

std::string apache_configuration(const ServerExport& options, const ListenAddress& listen);
std::string nginx_configuration(const ServerExport& options, const ListenAddress& listen);
std::string haproxy_configuration(const ServerExport& options, const ListenAddress& listen);

}  // namespace symbolon::enroll
