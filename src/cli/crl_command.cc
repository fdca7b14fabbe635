// crl: the revocation list of a CA, for programs that take one.
#include <algorithm>
#include <memory>

#include "api/codec.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "revocation/crl_parser.h"
#include "x509/pem.h"

namespace symbolon::cli {
namespace {

struct CrlOptions {
  std::vector<std::string> name;
  std::optional<std::string> out;
  bool pem = false;
};

// The CA that was named, else the one in use.
Result<api::IssuerInfo> choose(enroll::AuthorityClient& client, const std::vector<std::string>& name) {
  if (name.size() > 1) return fail(Code::usage, "one CA at a time");
  const api::IssuerList list = TRY(client.issuers());
  const auto found = std::ranges::find_if(list.issuers, [&](const api::IssuerInfo& issuer) {
    return name.empty() ? issuer.in_use : issuer.name == name.front();
  });
  if (found != list.issuers.end()) return *found;
  if (name.empty()) return fail(Code::ca_none_in_use, "name one of `symbolon show issuers`");
  return fail(Code::issuer_unknown, "'{}'", name.front());
}

// What it says of itself, counted again here.
Result<api::CrlInfo> info_of(const std::string& issuer, ByteView der) {
  const revocation::CrlSyntax crl = TRY(revocation::parse_crl(der));
  api::CrlInfo out{.issuer = issuer,
                   .number = 0,
                   .this_update = crl.this_update,
                   .next_update = crl.next_update,
                   .entries = 0,
                   .octets = static_cast<std::int64_t>(der.size())};
  for (const std::uint8_t octet : crl.number.value_or(Bytes())) out.number = out.number << 8U | octet;
  TRY(revocation::for_each_entry(der, [&](const revocation::CrlEntry&) { ++out.entries; }));
  return out;
}

Status crl(const CrlOptions& options, const Session& session) {
  AuthorityLink link = TRY(AuthorityLink::open(session));
  const api::IssuerInfo issuer = TRY(choose(link.client(), options.name));
  const std::string der = TRY(link.client().crl(issuer.name));
  const api::CrlInfo info = TRY(info_of(issuer.name, as_bytes(der)));
  const Terminal& terminal = session.terminal();
  const std::string pem = options.pem || !options.out ? x509::encode_pem("X509 CRL", as_bytes(der)) : std::string();
  if (options.out) TRY(write_file(*options.out, options.pem ? pem : der, {.existing = Existing::replace}));
  if (session.json()) {
    terminal.print(api::encode(info));
    return {};
  }
  if (!options.out) terminal.print(std::string_view(pem).substr(0, pem.size() - 1));
  terminal.note(fmt::format("CRL {} of '{}': {} entries, {} to {}{}", info.number, info.issuer, info.entries,
                            to_rfc3339(info.this_update), to_rfc3339(info.next_update),
                            options.out ? ", in " + *options.out : std::string()));
  return {};
}

}  // namespace

Command crl_command() {
  auto options = std::make_shared<CrlOptions>();
  Command command("crl", "The revocation list (CRL) of a CA, for programs that do not follow the authority");
  command
      .optional_argument("NAME", &options->name, "the CA, as `symbolon show issuers` names it (default: that in use)")
      .details(
          "It has every revocation until now; one is made if the last is older. Without --out it is printed in PEM.\n"
          "`authority.crl` in the configuration publishes them: in the folder `crl` of the state and over HTTP.")
      .option("--out FILE", &options->out, "write it there, in DER; a file that is there is replaced")
      .option("--pem", &options->pem, "in PEM")
      .example("symbolon crl --pem --out /etc/apache2/clients.crl", "what SSLCARevocationFile takes")
      .example("symbolon crl | openssl crl -noout -text", "")
      .calls("crl")
      .action([options](Session& session) { return crl(*options, session); });
  return command;
}

}  // namespace symbolon::cli
