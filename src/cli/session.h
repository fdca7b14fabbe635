// One run of the command line: the options every command has, and what they lead to.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "cli/terminal.h"

namespace symbolon::cli {

struct GlobalOptions {
  std::optional<std::string> config;          // --config
  std::optional<std::string> state;           // --state
  std::optional<std::string> authority;       // --authority
  std::optional<std::string> authority_ca;    // --authority-ca
  std::optional<std::string> authority_cert;  // --authority-cert
  std::optional<std::string> authority_key;   // --authority-key
  bool json = false;
};

// Where the configuration and the state lie.
struct Places {
  Path config;
  Path state;
};

// An authority elsewhere, and what is shown to it and believed of it.
struct RemotePlaces {
  std::string url;
  Path ca;
  Path certificate;
  Path key;
};

class Session {
 public:
  Session(GlobalOptions options, const Clock& clock)
      : options_(std::move(options)), clock_(clock), terminal_(options_.json ? ErrorForm::json : ErrorForm::text) {}

  const Terminal& terminal() const { return terminal_; }
  const Clock& clock() const { return clock_; }
  bool json() const { return options_.json; }
  const GlobalOptions& options() const { return options_; }

  // A status other than success for a command that did its work: what it found is bad news.
  void exit_with(int status) { exit_status_ = status; }
  int exit_status() const { return exit_status_; }

  // --config and --state, SYMBOLON_CONFIG and SYMBOLON_STATE, ./symbolon if there is one, /etc/symbolon and
  // /var/lib/symbolon for root, else ./symbolon; in this order. The state of an existing configuration is what its
  // `state` says (cli/configuration.h).
  Places default_places() const;
  // By --state or SYMBOLON_STATE: then it outranks the configuration's `state`.
  bool state_is_named() const;

  // --authority or SYMBOLON_AUTHORITY: every call goes there, whatever lies here. The rest of it likewise
  // (SYMBOLON_AUTHORITY_CA, _CERT, _KEY), else root.crt and admin.crt of ./symbolon or of the state folder; the
  // key stands beside the certificate (ann.crt, ann.key).
  std::optional<RemotePlaces> remote_authority() const;

  // The first line of a file, or what is typed.
  Result<Secret> passphrase(const std::optional<std::string>& file, std::string_view question) const;
  Result<Secret> new_passphrase(const std::optional<std::string>& file, std::string_view question) const;

 private:
  GlobalOptions options_;
  const Clock& clock_;
  Terminal terminal_;
  int exit_status_ = 0;
};

}  // namespace symbolon::cli
