// The state folder: what lies where.
//
//   lock                      held while a process uses the state
//   ledger.db                 issuers, intents, certificates, revocations, audit chain
//   root.crt, root.key        the root; the key encrypted (PKCS#8), not needed to run: move it off the machine
//   issuing.crt, issuing.key  an issuing CA and its key, 0600, encrypted if `init` was told so; further ones issuing-2
//   anchors.crt               what trusting this authority means, for gateways: the root, or an imported issuing CA
//   heads.key, heads.pub      the key that signs heads of audit chain and feed (head_key.h), as an issuing key; its
//                             public half
//   heads.behind              heads that gateways have shown and the ledger does not have (taking_back.h), while there
//                             are any
//   crl/NAME.crl              the CRL of the CA of that name, where they are published
//   crl/NAME.number           the newest cRLNumber of that CA
//   admin.crt, admin.key      the first admin's certificate (with its chain) and key
//   authority.sock            the API, while it runs
//   gateways.sock             what gateways in other processes may ask for (gateway_desk.h), while it runs
//   own/                      the certificate of the API over TLS
//   gateway/                  of a gateway of this state: its certificates, its socket, whom it has seen
#pragma once

#include <string>
#include <string_view>

#include "base/file.h"

namespace symbolon::authority {

struct StateLayout {
  Path folder;
  Path lock() const { return folder / "lock"; }
  Path ledger() const { return folder / "ledger.db"; }
  Path anchors() const { return folder / "anchors.crt"; }
  Path socket() const { return folder / "authority.sock"; }
  Path gateways_socket() const { return folder / "gateways.sock"; }
  Path own() const { return folder / "own"; }
  Path gateway() const { return folder / "gateway"; }
  Path head_key() const { return key("heads"); }
  Path head_public_key() const { return folder / "heads.pub"; }
  Path heads_behind() const { return folder / "heads.behind"; }
  Path crls() const { return folder / "crl"; }
  Path crl(std::string_view name) const { return crls() / (std::string(name) + ".crl"); }
  Path crl_parts(std::string_view name) const { return crls() / std::string(name); }
  Path crl_number(std::string_view name) const { return crls() / (std::string(name) + ".number"); }
  Path certificate(std::string_view name) const { return folder / (std::string(name) + ".crt"); }
  Path key(std::string_view name) const { return folder / (std::string(name) + ".key"); }
};

}  // namespace symbolon::authority
