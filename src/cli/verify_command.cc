// verify: would this chain be accepted? The same verification that the gateway runs.
#include <iostream>
#include <memory>

#include "check/verify.h"
#include "check/verify_batch.h"
#include "cli/commands.h"
#include "cli/session.h"

namespace symbolon::cli {
namespace {

struct VerifyOptions {
  std::string chain;
  std::vector<std::string> trust;
  std::string purpose = "client";
  std::vector<std::string> names;
  std::vector<std::string> eku;
  std::vector<std::string> crls;
  std::optional<std::string> time;
  std::string depth = "3";
  bool strict = false;
  bool batch = false;
};

Status verify_batch(const VerifyOptions& options, const Session& session) {
  if (!options.chain.empty() && options.chain != "-")
    return fail(Code::usage, "--batch reads cases from standard input");
  constexpr std::size_t kLongestCase = 16 << 20;  // octets of one line
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.size() > kLongestCase)
      return fail(Code::too_large, "a case of {} octets; at most {} are read", line.size(), kLongestCase);
    if (line.empty()) continue;
    session.terminal().print(check::verify_line(line, session.clock().now()));
  }
  return {};
}

Result<std::vector<x509::Certificate>> read_certificates(const std::string& file) {
  auto certificates = TRY(x509::Certificate::from_file_content(TRY(read_file(file)), file));
  if (certificates.empty()) return fail_at(file, Code::trust_empty, "it holds no certificate");
  return certificates;
}

Result<check::VerifyRequest> request_of(const VerifyOptions& options, const Session& session) {
  check::VerifyRequest request;
  request.chain = TRY(read_certificates(options.chain));
  if (options.trust.empty()) return fail(Code::usage, "name the trusted CAs: --ca FILE");
  for (const std::string& file : options.trust) {
    for (auto& anchor : TRY(read_certificates(file))) request.trust.push_back(std::move(anchor));
  }
  request.at = session.clock().now();
  if (options.time) request.at = TRY(parse_time(*options.time));
  if (options.purpose != "client" && options.purpose != "server")
    return fail(Code::usage, "--purpose is client or server");
  request.purpose = options.purpose == "client" ? PeerRole::client : PeerRole::server;
  for (const std::string& name : options.names) request.names.push_back(TRY(x509::GeneralName::parse(name)));
  for (const std::string& word : options.eku) {
    const auto oid = check::eku_from_text(word);
    if (!oid) return fail(Code::usage, "'{}' is not an extended key usage", word);
    request.eku.push_back(*oid);
  }
  for (const std::string& file : options.crls) request.crls.push_back(TRY(read_file(file)));
  if (options.depth.size() != 1 || options.depth[0] < '0' || options.depth[0] > '9')
    return fail(Code::usage, "--depth must be 0 to 9");
  request.depth = options.depth[0] - '0';
  request.check = options.strict ? x509::PathCheck::strict : x509::PathCheck::rfc5280;
  return request;
}

Status verify(const VerifyOptions& options, Session& session) {
  if (options.batch) return verify_batch(options, session);
  if (options.chain.empty()) return fail(Code::usage, "name a file with the chain, leaf first");
  const check::VerifyReport report = check::verify(TRY(request_of(options, session)));
  const std::string text = session.json() ? report.json() : report.text();
  session.terminal().print(std::string_view(text).substr(0, text.size() - (text.ends_with('\n') ? 1 : 0)));
  session.exit_with(report.code ? row(*report.code).exit_code : 0);
  return {};
}

}  // namespace

Command verify_command() {
  auto options = std::make_shared<VerifyOptions>();
  Command command("verify", "Would this chain be accepted, and if not, why? As the gateway verifies");
  command.optional_argument("CHAIN", &options->chain, "a file with the chain, leaf first, PEM or DER")
      .option("--ca FILE", &options->trust, "trusted CAs; may be repeated")
      .option("--purpose PURPOSE", &options->purpose, "client (default) or server")
      .values({"client", "server"})
      .option("--name NAME", &options->names, "the leaf must hold one of them; may be repeated")
      .option("--eku USAGE", &options->eku,
              "clientAuth, serverAuth, ... or a dotted OID; may be repeated (default: by purpose)")
      .option("--time TIME", &options->time, "2027-01-01T00:00:00Z, a date, or @seconds (default: now)")
      .option("--crl FILE", &options->crls, "a CRL, PEM or DER; may be repeated")
      .option("--depth N", &options->depth, "intermediates at most (default: 3)")
      .option("--strict", &options->strict,
              "what RFC 5280 demands of CAs beyond the algorithm is an error, not a warning")
      .option("--batch", &options->batch,
              "cases from standard input, one a line as JSON; verdicts likewise (docs/verify-batch.md)")
      .example("symbolon verify laptop.crt --ca root.crt", "")
      .example("symbolon verify web.crt --ca root.crt --purpose server --name web.example --crl ca.crl", "")
      .example("symbolon verify --batch < cases.jsonl > verdicts.jsonl", "")
      .action([options](Session& session) { return verify(*options, session); });
  return command;
}

}  // namespace symbolon::cli
