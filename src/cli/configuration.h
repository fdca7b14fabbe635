// symbolon.yaml as a whole: the tables of the roles, put together.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "authority/authority.h"
#include "authority/profile_config.h"
#include "cli/session.h"
#include "config/load.h"
#include "gateway/config.h"
#include "net/endpoint.h"
#include "watch/config.h"

namespace symbolon::cli {

struct AuthoritySection {
  std::string name = "symbolon";
  std::optional<net::Endpoint> listen;  // of the API over mutual TLS; the Unix socket is always there
  std::map<std::string, authority::ProfileConfig> profiles;
  authority::Rights rights;
  bool two_persons = false;
};

struct Configuration {
  std::optional<Path> state;
  std::optional<AuthoritySection> authority;
  std::optional<gateway::GatewayConfig> gateway;
  std::optional<watch::MetricsConfig> metrics;
};

config::Table<Configuration> configuration_table();

struct LoadedConfiguration {
  Path file;
  Path state;
  Configuration content;
};

// Reads --config; every error of the file is printed, the first is returned; warnings are printed. Fails with
// config_missing, config_... and file_...
Result<LoadedConfiguration> load_configuration(const Session& session);
// The same for a process that runs: what is to be said goes to the log.
Result<LoadedConfiguration> load_configuration_again(const Session& session);
// Every file that it is made from, itself included.
std::vector<Path> files_of(const LoadedConfiguration& loaded);

// The state folder, as the configuration says it. Fails with state_missing.
Result<Path> find_state(const Session& session);

// The authority over that state, in this process. Waits while another command has it, some seconds at most, but not for
// one that stays (it answers on its socket). Fails as Authority::open and, for its profiles, with config_...
Result<std::unique_ptr<authority::Authority>> open_authority(const LoadedConfiguration& loaded, const Clock& clock);

}  // namespace symbolon::cli
