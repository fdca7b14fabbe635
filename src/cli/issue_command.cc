// issue and sign: certificates. The key is made here and never leaves: the authority sees a request.
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <memory>

#include "authority/profile.h"
#include "base/file_set.h"
#include "cli/authority_link.h"
#include "cli/commands.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "x509/pkcs12.h"
#include "x509/request.h"

namespace symbolon::cli {
namespace {

struct IssueOptions {
  std::string profile;
  std::vector<std::string> names;
  std::string out = ".";
  std::string key_type = "p256";
  std::optional<std::string> lifetime;
  std::optional<std::string> issuer;
  std::optional<std::string> p12_password_file;
  bool no_p12 = false;
  bool legacy = false;
  bool force = false;
};

// A name as the beginning of file names: nothing that a shell or a folder would take amiss.
std::string file_stem(std::string_view name) {
  for (const std::string_view prefix : {"dns:", "ip:", "email:", "uri:", "cn:", "spiffe://"}) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  std::string stem;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                       c == '-' || c == '_' || c == '@';
    if (c == '*') {
      stem += "wildcard";
    } else {
      stem += plain ? c : '_';
    }
  }
  while (stem.starts_with('.') || stem.starts_with('-')) stem.erase(0, 1);
  return stem.empty() ? "certificate" : stem.substr(0, 120);
}

struct OutputFiles {
  Path certificate;
  Path key;
  Path p12;
};

Status check_free(const OutputFiles& files, const IssueOptions& options) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(options.out, ignored)) {
    return fail_at(options.out, Code::file_unwritable, "there is no such folder");
  }
  if (::access(options.out.c_str(), W_OK) != 0)
    return fail_at(options.out, Code::file_unwritable, "it may not be written");
  for (const Path& file : {files.key, files.certificate, files.p12}) {
    if (!options.force && std::filesystem::exists(file, ignored)) {
      return fail_at(file.string(), Code::file_exists, "the file exists already; nothing was issued");
    }
    if (std::filesystem::is_directory(file, ignored)) {
      return fail_at(file.string(), Code::file_unwritable, "it is a folder; nothing was issued");
    }
  }
  return {};
}

Result<std::optional<Seconds>> lifetime_of(const std::optional<std::string>& text) {
  if (!text) return std::optional<Seconds>();
  return std::optional<Seconds>(TRY(parse_duration(*text)));
}

// Of NAME.p12, before anything is issued for want of it; absent: there shall be none.
Result<std::optional<Secret>> p12_password(const IssueOptions& options, const Session& session) {
  if (options.no_p12) return std::optional<Secret>();
  if (!options.p12_password_file) return std::optional<Secret>(crypto::random_password(20));
  return std::optional<Secret>(TRY(session.passphrase(options.p12_password_file, {})));
}

Result<Bytes> make_p12(const IssueOptions& options, const std::string& name, const crypto::PrivateKey& key,
                       const api::IssueAnswer& answer, const Secret& password) {
  auto chain = TRY(x509::Certificate::from_pem(answer.certificate + answer.chain));
  for (auto& root : TRY(x509::Certificate::from_pem(answer.root))) chain.push_back(std::move(root));
  return x509::write_pkcs12(key, chain, password,
                            {.friendly_name = name,
                             .strength = options.legacy ? x509::Pkcs12Strength::legacy : x509::Pkcs12Strength::modern});
}

// All files or none.
Status store(const IssueOptions& options, const OutputFiles& files, const crypto::PrivateKey& key,
             const api::IssueAnswer& answer, const std::optional<Secret>& password) {
  const Secret pem = TRY(key.to_pem());
  const std::string certificates = answer.certificate + answer.chain;
  std::vector<NewFile> written = {{files.key, pem.reveal(), 0600}, {files.certificate, certificates, 0644}};
  Bytes p12;
  if (password) {
    p12 = TRY(make_p12(options, files.key.stem().string(), key, answer, *password));
    written.push_back({files.p12, as_text(p12), 0600});
  }
  return write_files(written, options.force ? Existing::replace : Existing::keep);
}

struct Written {
  OutputFiles files;
  std::optional<std::string> shown_password;
};

// What the authority decided otherwise than it was asked.
void print_notes(const Terminal& terminal, const api::IssueAnswer& answer) {
  for (const std::string& note : answer.notes) terminal.note("note: " + printable(note));
}

void print_issued(const Session& session, const api::IssueAnswer& answer, const Written& written,
                  const IssueOptions& options) {
  const Terminal& terminal = session.terminal();
  const api::CertificateSummary& summary = answer.summary;
  if (session.json()) {
    boost::json::object out{{"serial", summary.serial},
                            {"fingerprint", summary.fingerprint},
                            {"profile", summary.profile},
                            {"not_after", to_rfc3339(summary.not_after)},
                            {"certificate_file", written.files.certificate.string()},
                            {"key_file", written.files.key.string()}};
    if (!options.no_p12) out["p12_file"] = written.files.p12.string();
    if (written.shown_password) out["p12_password"] = *written.shown_password;
    out["notes"] = boost::json::value_from(answer.notes);
    terminal.print(boost::json::serialize(out));
    return;
  }
  terminal.print(fmt::format("{} a {} certificate", terminal.styled(Style::good, "issued"), summary.profile));
  terminal.print(fmt::format("  serial        {}", summary.serial));
  terminal.print(fmt::format("  subject       {}", printable(summary.subject)));
  for (const std::string& name : summary.names) terminal.print(fmt::format("  name          {}", printable(name)));
  terminal.print(fmt::format("  ends          {} (in {})", to_rfc3339(summary.not_after),
                             to_words(summary.not_after - session.clock().now())));
  terminal.print(fmt::format("  certificate   {} (with the issuing CA behind it)", written.files.certificate.string()));
  terminal.print(fmt::format("  key           {} (only you can read it)", written.files.key.string()));
  if (!options.no_p12) terminal.print(fmt::format("  PKCS#12       {}", written.files.p12.string()));
  if (written.shown_password) {
    terminal.print(
        fmt::format("  p12 password  {}  (shown this once)", terminal.styled(Style::strong, *written.shown_password)));
  }
  print_notes(terminal, answer);
  if (summary.profile == "server") {
    terminal.note(fmt::format("next: symbolon export apache {} --cert {} --key {}", printable(options.names.front()),
                              written.files.certificate.string(), written.files.key.string()));
  } else {
    terminal.note(fmt::format("next: symbolon check HOST:PORT --cert {} --key {}", written.files.certificate.string(),
                              written.files.key.string()));
  }
}

Status issue(const IssueOptions& options, const Session& session) {
  const auto type = crypto::key_type_from_name(options.key_type);
  if (!type)
    return fail(Code::usage, "'{}' is not a key type (p256, p384, ed25519, rsa2048, rsa3072, rsa4096)",
                options.key_type);
  const Path stem = Path(options.out) / file_stem(options.names.front());
  const OutputFiles files{stem.string() + ".crt", stem.string() + ".key", stem.string() + ".p12"};
  TRY(check_free(files, options));
  const std::optional<Secret> password = TRY(p12_password(options, session));
  const crypto::PrivateKey key = TRY(crypto::PrivateKey::generate(*type));  // RSA can take longer than a link may idle
  AuthorityLink link = TRY(AuthorityLink::open(session));
  api::IssueRequest request;
  request.profile = options.profile;
  request.csr = TRY(x509::make_request(key, {}, {})).pem();
  request.names = options.names;
  request.lifetime = TRY(lifetime_of(options.lifetime));
  request.issuer = options.issuer;
  const auto issued = link.client().issue(request, to_hex(crypto::random_bytes(16)));
  if (!issued && issued.error().code == Code::approval_needed) {
    session.terminal().note(fmt::format(
        "the approval would be for this very request, whose key is not kept: make a request that is (openssl req "
        "-new), and give it to `symbolon sign --profile {}` before and after the approval",
        options.profile));
  }
  const api::IssueAnswer answer = TRY(issued);
  TRY(store(options, files, key, answer, password));
  Written written{files, std::nullopt};
  if (password && !options.p12_password_file) written.shown_password = password->reveal();
  print_issued(session, answer, written, options);
  return {};
}

struct SignOptions {
  std::string request;
  std::string profile;
  std::vector<std::string> names;
  std::optional<std::string> out;
  std::optional<std::string> lifetime;
  std::optional<std::string> issuer;
  std::optional<std::string> idempotency_key;
  bool force = false;
};

Status sign(const SignOptions& options, const Session& session) {
  if (options.profile.empty())
    return fail(Code::usage, "say what it is for: --profile PROFILE (see `symbolon profiles`)");
  const std::string content = TRY(read_file(options.request, 1 << 20));
  const auto csr = TRY(x509::CertificateRequest::from_file_content(content, options.request));
  std::error_code ignored;
  if (options.out && !options.force && std::filesystem::exists(*options.out, ignored)) {
    return fail_at(*options.out, Code::file_exists, "the file exists already; nothing was issued");
  }
  AuthorityLink link = TRY(AuthorityLink::open(session));
  api::IssueRequest request;
  request.profile = options.profile;
  request.csr = csr.pem();
  request.names = options.names;
  request.lifetime = TRY(lifetime_of(options.lifetime));
  request.issuer = options.issuer;
  const std::string key = options.idempotency_key.value_or(to_hex(crypto::random_bytes(16)));
  const auto signed_here = link.client().issue(request, key);
  if (!signed_here && signed_here.error().code == Code::authority_unreachable) {
    session.terminal().note(fmt::format(
        "whether it was signed is not known; the same command with --idempotency-key {} has the same answer", key));
  }
  const api::IssueAnswer answer = TRY(signed_here);
  const std::string chain = answer.certificate + answer.chain;
  if (options.out) {
    TRY(write_file(*options.out, chain,
                   {.mode = 0644, .existing = options.force ? Existing::replace : Existing::keep}));
    session.terminal().note(fmt::format("issued {} (serial {}), ends {}", *options.out, answer.summary.serial,
                                        to_rfc3339(answer.summary.not_after)));
  }
  print_notes(session.terminal(), answer);
  if (session.json()) {
    session.terminal().print(
        boost::json::serialize(boost::json::object{{"serial", answer.summary.serial},
                                                   {"not_after", to_rfc3339(answer.summary.not_after)},
                                                   {"certificate", answer.certificate},
                                                   {"chain", answer.chain},
                                                   {"root", answer.root},
                                                   {"notes", boost::json::value_from(answer.notes)}}));
  } else if (!options.out) {
    session.terminal().print(chain.substr(0, chain.size() - 1));
  }
  return {};
}

std::vector<std::string> profile_names() {
  std::vector<std::string> out;
  for (const auto& [name, profile] : authority::builtin_profiles("")) out.push_back(name);
  return out;
}

}  // namespace

Command issue_command() {
  auto options = std::make_shared<IssueOptions>();
  Command command("issue", "Make a key and have it certified: NAME.crt, NAME.key and NAME.p12");
  command
      .argument("PROFILE", &options->profile,
                "what it is for: server, client, person, device, ... (see `symbolon profiles`)")
      .values(profile_names())
      .argument("NAME", &options->names,
                "DNS names, addresses, URIs, e-mail addresses, or a common name; the first names the files")
      .option("--out DIR", &options->out, "where the files go (default: here)")
      .option("--lifetime SPAN", &options->lifetime, "90d, 12h, ... (default: the profile's)")
      .option("--key-type TYPE", &options->key_type, "p256 (default), p384, ed25519, rsa2048, rsa3072, rsa4096")
      .values(key_type_names())
      .option("--issuer NAME", &options->issuer, "another issuing CA than the one in use")
      .option("--p12-password-file FILE", &options->p12_password_file,
              "its first line protects NAME.p12 (default: a new one is shown once)")
      .option("--no-p12", &options->no_p12, "no NAME.p12")
      .option("--legacy", &options->legacy, "a NAME.p12 that importers from before 2020 open (3DES, SHA-1)")
      .option("--force", &options->force, "replace existing files")
      .example("symbolon issue server web.example 192.0.2.7", "a web server with a name and an address")
      .example("symbolon issue client billing", "a client that calls itself billing")
      .example("symbolon issue person ann@example.com --lifetime 30d",
               "a browser's certificate, imported as ann@example.com.p12")
      .example("symbolon issue workload spiffe://example.com/billing", "an X.509-SVID")
      .calls("issue")
      .action([options](Session& session) { return issue(*options, session); });
  return command;
}

Command sign_command() {
  auto options = std::make_shared<SignOptions>();
  Command command("sign", "Certify somebody's request (PKCS#10): the key never leaves its owner");
  command.argument("REQUEST", &options->request, "a file with a certificate request, PEM or DER")
      .option("--profile PROFILE", &options->profile, "what it is for (see `symbolon profiles`)")
      .values(profile_names())
      .option("--name NAME", &options->names, "names instead of those of the request; may be repeated")
      .option("--lifetime SPAN", &options->lifetime, "90d, 12h, ... (default: the profile's)")
      .option("--issuer NAME", &options->issuer, "another issuing CA than the one in use")
      .option("--idempotency-key KEY", &options->idempotency_key,
              "the same command under the same key leads to the same certificate (default: a new one)")
      .option("--out FILE", &options->out, "write the chain there (default: standard output)")
      .option("--force", &options->force, "replace an existing file")
      .example("symbolon sign request.csr --profile device --out device.crt", "")
      .calls("issue")
      .action([options](Session& session) { return sign(*options, session); });
  return command;
}

}  // namespace symbolon::cli
