#include "check/probe.h"

#include <functional>
#include <iterator>
#include <utility>

#include "check/fetch.h"
#include "check/file_read.h"
#include "check/plain_request.h"
#include "check/reach.h"
#include "check/report.h"
#include "tls/credential_file.h"

namespace symbolon::check {
namespace {

constexpr const char* kSystemBundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                          "/etc/ssl/cert.pem"};

constexpr std::chrono::milliseconds kPlainWait{2'000};
constexpr std::size_t kLongestProtocol = 255;  // RFC 7301 §3.1
constexpr std::size_t kMostProtocols = 64;

// A connection of its own for each attempt, ended with it: some servers serve one at a time. The error when there is
// none.
std::optional<Error> on_connection(const ProbeRequest& request, Reached& reached,
                                   const std::function<void(int descriptor)>& use) {
  reached = reach(request.endpoint, request.way, request.server_name);
  if (!reached.socket) return std::move(reached.socket).error();
  const ConnectedSocket socket = *std::move(reached.socket);
  use(socket.get());
  return {};
}

// What a browser would ask, so that the server answers with application data, and in words where it refuses.
std::string http_request(const ProbeRequest& request) {
  const std::string host = request.server_name.empty() ? "localhost" : request.server_name;
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: symbolon-check\r\nConnection: close\r\n\r\n";
}

std::optional<x509::GeneralName> expected_name(const std::string& server_name) {
  if (server_name.empty()) return {};
  if (auto ip = x509::GeneralName::ip(server_name)) return *std::move(ip);
  if (auto dns = x509::GeneralName::dns(server_name)) return *std::move(dns);
  return {};
}

PathVerdict judge(const std::vector<x509::Certificate>& chain, const ProbeRequest& request, PeerRole role,
                  UnixSeconds at) {
  x509::PathOptions options;
  options.at = at;
  options.role = role;
  options.depth = static_cast<int>(x509::PathLimits::kCertificates);
  if (role == PeerRole::server) {
    if (auto name = expected_name(request.server_name)) options.expected_names.push_back(*std::move(name));
  }
  return x509::verify_path(chain, *request.trust, options);
}

// A path failed for want of an issuer: is it among what the other side sent?
std::optional<x509::VerifiedPath> complete(const PathVerdict& verdict, std::vector<x509::Certificate> chain,
                                           const std::vector<x509::Certificate>& theirs, const ProbeRequest& request,
                                           PeerRole role, UnixSeconds at) {
  using P = CertificateProblem;
  if (verdict || theirs.empty()) return {};
  const P problem = verdict.error().problem;
  if (problem != P::untrusted_issuer && problem != P::incomplete_chain) return {};
  std::copy_if(theirs.begin(), theirs.end(), std::back_inserter(chain),
               [](const x509::Certificate& certificate) { return certificate.is_ca(); });
  PathVerdict completed = judge(chain, request, role, at);
  if (!completed) return {};
  return *std::move(completed);
}

void judge_chains(const ProbeRequest& request, Observation& out) {
  if (!request.trust) return;
  const auto& theirs = out.tls->server_chain;
  const auto& ours = out.client_chain;
  if (!theirs.empty()) {
    out.server_path = judge(theirs, request, PeerRole::server, out.at);
    out.server_path_completed = complete(*out.server_path, theirs, ours, request, PeerRole::server, out.at);
  }
  if (request.trust_named && !ours.empty()) {
    out.client_path = judge(ours, request, PeerRole::client, out.at);
    out.client_path_completed = complete(*out.client_path, ours, theirs, request, PeerRole::client, out.at);
  }
}

tls::ProbeOptions first_options(const ProbeRequest& request) {
  tls::ProbeOptions options;
  options.server_name = request.server_name;
  options.credential = request.credential;
  options.handshake = request.handshake;
  options.linger = request.linger;
  options.alpn = request.protocols;
  if (request.only_version) options.least = options.most = *request.only_version;
  if (request.ask == Ask::http) options.request = http_request(request);
  return options;
}

// `greeted`: a ServerHello came to the first one, so that what follows it is what we want to know.
tls::ProbeOptions further_options(const ProbeRequest& request, AttemptKind kind, bool greeted) {
  using tls::ProbeVersion;
  tls::ProbeOptions options = first_options(request);
  options.handshake = std::min(request.handshake, request.further_handshake);
  const bool to_the_end = kind == AttemptKind::without_certificate || (kind == AttemptKind::tls12 && greeted);
  if (!to_the_end) {
    options.linger = std::chrono::milliseconds(0);
    options.request.clear();
  }
  if (!to_the_end || kind == AttemptKind::without_certificate) options.credential = nullptr;
  switch (kind) {
    case AttemptKind::plain_http:
    case AttemptKind::without_certificate: break;
    case AttemptKind::tls12: options.least = options.most = ProbeVersion::tls12; break;
    case AttemptKind::tls13: options.least = options.most = ProbeVersion::tls13; break;
    case AttemptKind::old_versions: options.least = ProbeVersion::tls10, options.most = ProbeVersion::tls11; break;
    case AttemptKind::every_suite: options.suites = tls::ProbeSuites::every; break;
    case AttemptKind::small_hello: options.groups = "X25519:P-256"; break;
    case AttemptKind::without_server_name: options.server_name.clear(); break;
    case AttemptKind::split_hello: options.split = tls::ProbeSplit::both; break;
    case AttemptKind::split_records: options.split = tls::ProbeSplit::records; break;
    case AttemptKind::split_segments: options.split = tls::ProbeSplit::segments; break;
  }
  return options;
}

Attempt attempt(const ProbeRequest& request, AttemptKind kind, bool greeted) {
  Attempt out;
  out.kind = kind;
  Reached reached{fail(Code::internal, "not dialled")};
  out.unreachable = on_connection(request, reached, [&](int descriptor) {
    if (kind == AttemptKind::plain_http) {
      PlainAnswer answer = ask_plainly(descriptor, http_request(request), kPlainWait);
      out.tls.end = answer.end;
      out.plain_answer = std::move(answer.octets);
    } else {
      out.tls = tls::probe(descriptor, further_options(request, kind, greeted));
    }
  });
  return out;
}

// -- the command line

Result<net::Endpoint> read_endpoint(const std::string& text, std::uint16_t default_port) {
  if (text.empty()) return fail(Code::bad_request, "HOST:PORT is expected");
  const bool has_port = text.starts_with("unix:") || text.find(':') != std::string::npos;
  if (x509::GeneralName::ip(text) && text.find(':') != std::string::npos)
    return net::Endpoint::parse(fmt::format("[{}]:{}", text, default_port));
  const bool bracket_only = text.starts_with("[") && text.ends_with("]");
  auto endpoint =
      TRY(net::Endpoint::parse(has_port && !bracket_only ? text : fmt::format("{}:{}", text, default_port)));
  if (endpoint.kind != net::Endpoint::Kind::unix_path && endpoint.port == 0) {
    return fail(Code::bad_request, "'{}': port 0 cannot be connected to", text);
  }
  if (endpoint.kind == net::Endpoint::Kind::any) {
    endpoint.kind = net::Endpoint::Kind::name;
    endpoint.host = "localhost";
  }
  return endpoint;
}

// --server-name: a host's name or an address; empty: none is asked for.
Result<std::string> read_server_name(const ProbeArguments& arguments, const net::Endpoint& endpoint) {
  using Kind = net::Endpoint::Kind;
  if (!arguments.server_name) return endpoint.kind == Kind::unix_path ? std::string() : endpoint.host;
  const std::string& name = *arguments.server_name;
  if (name.empty() || x509::GeneralName::ip(name)) return name;
  const auto parsed = net::Endpoint::parse(name + ":443");
  if (!parsed || parsed->kind != Kind::name) {
    return fail(Code::usage, "--server-name '{}': a host's name is expected, as it stands in the DNS", name);
  }
  return name;
}

std::string_view with_article(FileKind kind) {
  switch (kind) {
    case FileKind::certificate: return "a certificate";
    case FileKind::request: return "a certificate request";
    case FileKind::crl: return "a CRL";
    case FileKind::private_key: return "a private key";
    case FileKind::encrypted_key: return "an encrypted private key";
    case FileKind::public_key: return "a public key";
    case FileKind::pkcs12: return "PKCS#12";
    case FileKind::unknown: break;
  }
  return "";
}

// What --cert names holds no certificate: what does it hold?
Error with_what_it_holds(Error error, const Path& file) {
  if (error.code != Code::file_unrecognized && error.code != Code::certificate_malformed) return error;
  const FileObservation seen = read_files({file}, {});
  if (seen.objects.empty()) return error;
  const std::string_view held = with_article(seen.objects.front().kind);
  if (seen.objects.front().kind == FileKind::certificate || held.empty()) return error;
  error.words = fmt::format("it holds {}, and no certificate", held);
  return error;
}

Status read_credential(const ProbeArguments& arguments, ProbeRequest& request) {
  const tls::CredentialFiles files{
      .certificate = *arguments.certificate, .key = arguments.key, .passphrase = arguments.passphrase.duplicate()};
  auto credential = tls::load_credential(files);
  if (credential) {
    request.credential = *std::move(credential);
    return {};
  }
  if (credential.error().code != Code::key_mismatch)
    return std::unexpected(with_what_it_holds(std::move(credential).error(), files.certificate));
  request.client_problem = credential.error();
  request.client_chain = TRY(tls::load_chain(files));
  return {};
}

Result<std::optional<tls::ProbeVersion>> read_version(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  if (*text == "1.2") return tls::ProbeVersion::tls12;
  if (*text == "1.3") return tls::ProbeVersion::tls13;
  return fail(Code::usage, "--tls {}: 1.2 or 1.3 is expected", *text);
}

// "h2,http/1.1", or the option several times.
Result<std::vector<std::string>> read_protocols(const std::vector<std::string>& given) {
  std::vector<std::string> out;
  for (std::string_view rest : given) {
    while (true) {
      const std::size_t comma = rest.find(',');
      const std::string_view one = rest.substr(0, comma);
      if (one.empty() || one.size() > kLongestProtocol) {
        return fail(Code::usage, "--alpn: a protocol has 1 to {} octets", kLongestProtocol);
      }
      out.emplace_back(one);
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  if (out.size() > kMostProtocols) return fail(Code::usage, "--alpn: {} protocols at most", kMostProtocols);
  return out;
}

Result<std::shared_ptr<const x509::TrustBundle>> read_trust(const ProbeArguments& arguments, UnixSeconds now) {
  const auto read = [&](const Path& file) -> Result<std::shared_ptr<const x509::TrustBundle>> {
    const std::string content = TRY(read_file(file));
    return std::make_shared<const x509::TrustBundle>(
        TRY(x509::TrustBundle::from_file_content(content, now, file.string())));
  };
  if (arguments.ca) return read(*arguments.ca);
  for (const char* file : kSystemBundles) {
    if (auto bundle = read(file)) return bundle;
  }
  return nullptr;  // nothing to verify by: the report says so
}

}  // namespace

Observation probe(const ProbeRequest& request, const Clock& clock) {
  Observation out;
  out.endpoint = request.endpoint;
  out.server_name = request.server_name;
  out.at = clock.now();
  out.asked_http = request.ask == Ask::http;
  out.protocols = request.protocols;
  out.only_version = request.only_version;
  out.client_problem = request.client_problem;
  out.client_chain = request.credential ? request.credential->chain() : request.client_chain;
  if (request.trust) out.trust = request.trust->where();

  Reached reached{fail(Code::internal, "not dialled")};
  out.unreachable = on_connection(request, reached,
                                  [&](int descriptor) { out.tls = tls::probe(descriptor, first_options(request)); });
  out.address = std::move(reached.address);
  out.way = std::move(reached.seen);
  if (out.unreachable) return out;
  judge_chains(request, out);
  const bool greeted = !out.tls->version.empty();
  while (const auto kind = next_attempt(out)) out.further.push_back(attempt(request, *kind, greeted));
  if (diagnose(out).exit_code() == kSound) out.fetched = fetch_named(out, request.fetch);
  return out;
}

Result<ProbeRequest> read_arguments(const ProbeArguments& arguments, UnixSeconds now) {
  ProbeRequest request;
  request.way = TRY(read_way(arguments.way));
  auto endpoint = read_endpoint(arguments.endpoint, default_port(request.way));
  if (!endpoint) return fail(Code::usage, "{}", endpoint.error().words);
  request.endpoint = *std::move(endpoint);
  if (request.way.proxy && request.endpoint.kind == net::Endpoint::Kind::unix_path)
    return fail(Code::usage, "{} cannot be reached through a proxy", arguments.endpoint);
  request.server_name = TRY(read_server_name(arguments, request.endpoint));
  request.ask = arguments.ask;
  if (arguments.key && !arguments.certificate) return fail(Code::usage, "--key needs --cert");
  if (arguments.certificate) TRY(read_credential(arguments, request));
  request.only_version = TRY(read_version(arguments.version));
  request.protocols = TRY(read_protocols(arguments.protocols));
  request.trust = TRY(read_trust(arguments, now));
  request.trust_named = arguments.ca.has_value();
  return request;
}

}  // namespace symbolon::check
