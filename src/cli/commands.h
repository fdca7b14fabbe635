// Every command of the command line; each unit *_command.cc defines those of one theme.
#pragma once

#include "cli/command.h"

namespace symbolon::cli {

// The whole table, in the order of --help.
Command command_table(struct GlobalOptions& global);

// The values of --key-type, for completion.
std::vector<std::string> key_type_names();

// Whoever brings a CA is told: what it revoked before is elsewhere (docs/revocation.md).
inline constexpr std::string_view kEarlierRevocations =
    "what this CA revoked before is not in the CRLs that are made here, and their numbers start at the time: see "
    "\"A CA that had CRLs before\" in docs/revocation.md";

Command init_command();
Command run_command();
Command proxy_command();
Command issue_command();
Command sign_command();
Command list_command();
Command show_command();
Command revoke_command();
Command release_command();
Command gateways_command();
Command crl_command();
Command approve_command();
Command status_command();
Command profiles_command();
Command ledger_command();
Command ca_command();
Command verify_command();
Command check_command();
Command prove_command();
Command prove_kit_command();
Command config_command();
Command trust_command();
Command export_command();
Command completions_command();
Command complete_command();  // hidden: what the scripts of `completions` call
Command role_command();      // hidden: one process of `run`
Command docs_command();      // hidden: the generated documents
Command manual_command();    // hidden: the manual pages

}  // namespace symbolon::cli
