// The command line of `symbolon prove`, as it was typed, becomes a plan.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "prove/grounds.h"

namespace symbolon::prove {

struct Arguments {
  std::string endpoint;                            // HOST:PORT, [v6]:PORT, unix:PATH; without a port: 443
  Path kit;                                        // --kit
  std::optional<std::string> server_name = {};     // --server-name; absent: the host of the endpoint
  std::optional<std::string> other_name = {};      // --host-header; absent: a name that nobody has
  std::optional<Path> ca = {};                     // --ca
  std::optional<Path> ca_key = {};                 // --ca-key: of the kit's CA
  Secret passphrase = {};                          // of that key
  std::optional<std::string> life = {};            // --life
  std::optional<std::string> path = {};            // --path
  std::optional<std::string> text = {};            // --send: \r, \n, \t and \\ in it stand for what they do in C
  std::optional<std::string> echo_path = {};       // --echo-path
  std::vector<std::string> identity_headers = {};  // --identity-header
  std::optional<std::string> revoke_command = {};  // --revoke-command
  bool revoked = false;                            // --revoked
  std::vector<std::string> only = {};              // --only
};

// Fails with usage (endpoint, names, paths, cases that there are not), and as Kit::read, KitCa::open and read_file do.
Result<Plan> read_plan(const Arguments& arguments, UnixSeconds now);

// HOST:PORT and the like; fails with usage.
Result<net::Endpoint> read_endpoint(const std::string& text);
// Nobody else's machine: a loopback address, localhost (RFC 6761 §6.3) or a Unix socket.
bool is_here(const net::Endpoint& endpoint);

}  // namespace symbolon::prove
