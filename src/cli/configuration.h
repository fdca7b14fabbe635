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
  std::optional<Path> key_passphrase_file;
  std::optional<Path> backups;  // folder
  std::map<std::string, authority::ProfileConfig> profiles;
  authority::Rights rights;
  bool two_persons = false;
  bool own_records = false;
  std::optional<authority::CrlConfig> crl;    // unset: none is published
  std::optional<authority::OcspConfig> ocsp;  // unset: nobody is answered
  // Where either is served, without what stands twice; not the API.
  std::vector<net::Endpoint> public_endpoints() const;
};

struct Configuration {
  std::optional<Path> state;
  std::optional<std::string> user;
  bool insecure_no_sandbox = false;
  std::optional<AuthoritySection> authority;
  std::optional<gateway::GatewayConfig> gateway;
  std::optional<watch::MetricsConfig> metrics;
};

config::Table<Configuration> configuration_table();

struct LoadedConfiguration {
  Path file;
  Path state;
  Configuration content;
  std::vector<Path> paths = {};  // every file that it names
  std::string text = {};
};

// Reads --config; every error of the file is printed, the first is returned; warnings are printed. Fails with
// config_missing, config_... and file_...
Result<LoadedConfiguration> load_configuration(const Session& session);
// The same for a process that runs: what is to be said goes to the log.
Result<LoadedConfiguration> load_configuration_again(const Session& session);
// The same where another process of ours says it.
Result<LoadedConfiguration> load_configuration_silently(const Session& session);
// Every file that it is made from, itself included.
std::vector<Path> files_of(const LoadedConfiguration& loaded);

// The state folder, as the configuration says it. Fails with state_missing.
Result<Path> find_state(const Session& session);

// The passphrase of the issuing keys: the first line of the systemd credential issuing.passphrase, else of
// `authority.key_passphrase_file`, else what is typed. `session` outlives it.
authority::AskPassphrase issuing_passphrase(const LoadedConfiguration& loaded, const Session& session);
// The keys as they lie in files, opened with it; it is asked for once.
struct KeyFiles {
  authority::AskPassphrase ask;
  authority::KeySource issuing;
  authority::HeadKeySource heads;
};
KeyFiles key_files(const LoadedConfiguration& loaded, const Session& session);

// The authority over that state, in this process, with its keys. Waits while another command has it, some seconds at
// most, but not for one that stays (it answers on its socket). Fails as Authority::open and, for its profiles, with
// config_...
Result<std::unique_ptr<authority::Authority>> open_authority(const LoadedConfiguration& loaded, const Session& session);
// With keys from elsewhere.
struct AuthorityKeys {
  authority::KeySource source;
  std::function<Status(ledger::IssuerId)> on_new = {};  // AuthorityOptions::on_new_key
  std::function<bool()> are_encrypted = {};             // AuthorityOptions::keys_are_encrypted
  authority::SignCrl sign_crl = {};                     // AuthorityOptions::sign_crl
  std::shared_ptr<authority::OcspSigner> ocsp_signer = {};
  authority::HeadKeySource head_key = {};                   // AuthorityOptions::head_key
  std::shared_ptr<authority::HeadSigner> head_signer = {};  // AuthorityOptions::head_signer
};
// Those of files, for a process that has the authority's keys itself.
AuthorityKeys keys_here(const LoadedConfiguration& loaded, const Session& session);
Result<std::unique_ptr<authority::Authority>> open_authority(const LoadedConfiguration& loaded, AuthorityKeys keys,
                                                             const Clock& clock);

}  // namespace symbolon::cli
