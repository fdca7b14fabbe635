#include "check/verify_batch.h"

#include <algorithm>
#include <boost/json.hpp>
#include <expected>

#include "api/strict_json.h"

namespace symbolon::check {
namespace {

namespace json = boost::json;
using x509::Certificate;

constexpr std::string_view kKeys[] = {"leaf", "trust", "intermediates", "time",       "purpose", "names",
                                      "eku",  "depth", "path_check",    "revocation", "crls",    "id"};

struct EkuName {
  std::string_view name;
  std::string_view oid;
};
constexpr EkuName kEkuNames[] = {
    {"clientAuth", x509::eku::kClientAuth},
    {"serverAuth", x509::eku::kServerAuth},
    {"emailProtection", x509::eku::kEmailProtection},
    {"codeSigning", "1.3.6.1.5.5.7.3.3"},
    {"timeStamping", "1.3.6.1.5.5.7.3.8"},
    {"OCSPSigning", x509::eku::kOcspSigning},
    {"any", x509::eku::kAny},
};

std::unexpected<Error> wrong(std::string_view key, std::string_view what) {
  return fail_at(std::string(key), Code::bad_request, "{}", what);
}

Result<std::vector<std::string>> texts(const json::object& object, std::string_view key) {
  std::vector<std::string> out;
  const json::value* const value = object.if_contains(key);
  if (value == nullptr) return out;
  if (value->is_string()) return std::vector<std::string>{std::string(value->get_string())};
  if (!value->is_array()) return wrong(key, "a text or a list of texts is expected");
  for (const json::value& one : value->get_array()) {
    if (!one.is_string()) return wrong(key, "a list of texts is expected");
    out.emplace_back(one.get_string());
  }
  return out;
}

Result<std::vector<Certificate>> certificates(const json::object& object, std::string_view key) {
  std::vector<Certificate> out;
  for (const std::string& pem : TRY(texts(object, key))) {
    for (Certificate& certificate : TRY(Certificate::from_pem(pem, key))) out.push_back(std::move(certificate));
  }
  return out;
}

// One of the words, or the first when the key is absent.
Result<std::size_t> choice(const json::object& object, std::string_view key, std::vector<std::string_view> words) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr) return std::size_t{0};
  const auto* const text = value->if_string();
  const auto place = text == nullptr ? words.end() : std::ranges::find(words, std::string_view(*text));
  if (place == words.end()) return wrong(key, fmt::format("one of {} is expected", fmt::join(words, ", ")));
  return static_cast<std::size_t>(place - words.begin());
}

Result<UnixSeconds> time_of(const json::object& object, UnixSeconds now) {
  const json::value* const value = object.if_contains("time");
  if (value == nullptr) return now;
  if (value->is_int64()) return UnixSeconds{value->get_int64()};
  if (!value->is_string()) return wrong("time", "a text or a whole number of seconds is expected");
  auto time = parse_time(value->get_string());
  if (!time) return wrong("time", time.error().words);
  return *time;
}

Result<int> depth_of(const json::object& object) {
  const json::value* const value = object.if_contains("depth");
  if (value == nullptr) return VerifyRequest{}.depth;
  if (!value->is_int64() || value->get_int64() < 0 || value->get_int64() > 9) {
    return wrong("depth", "a whole number from 0 to 9 is expected");
  }
  return static_cast<int>(value->get_int64());
}

Status check_keys(const json::object& object) {
  for (const auto& member : object) {
    if (std::ranges::find(kKeys, std::string_view(member.key())) == std::end(kKeys)) {
      return wrong(member.key(), "there is no such key");
    }
  }
  for (const std::string_view key : {"leaf", "trust"}) {
    if (!object.contains(key)) return wrong(key, "it is missing");
  }
  return {};
}

// Everything but the certificates.
Result<VerifyRequest> options_of(const json::object& object, UnixSeconds now) {
  TRY(check_keys(object));
  VerifyRequest request;
  request.at = TRY(time_of(object, now));
  request.depth = TRY(depth_of(object));
  request.purpose = TRY(choice(object, "purpose", {"client", "server"})) == 0 ? PeerRole::client : PeerRole::server;
  request.check = TRY(choice(object, "path_check", {"rfc5280", "strict"})) == 0 ? x509::PathCheck::rfc5280
                                                                                : x509::PathCheck::strict;
  request.demand = TRY(choice(object, "revocation", {"listed", "every"})) == 0 ? revocation::Demand::listed
                                                                               : revocation::Demand::every;
  for (const std::string& text : TRY(texts(object, "names"))) {
    auto parsed = x509::GeneralName::parse(text);
    if (!parsed) return wrong("names", parsed.error().words);
    request.names.push_back(std::move(*parsed));
  }
  for (const std::string& text : TRY(texts(object, "eku"))) {
    auto oid = eku_from_text(text);
    if (!oid) return wrong("eku", fmt::format("'{}' is neither a known purpose nor a dotted OID", text));
    request.eku.push_back(std::move(*oid));
  }
  request.crls = TRY(texts(object, "crls"));
  return request;
}

bool is_form_error(const Error& error) { return error.code == Code::bad_request; }

VerifyReport report_of(const Error& error, Code code) {
  return {.code = code, .index = 0, .rule = std::string(row(code).section), .detail = error.text()};
}

Result<VerifyReport> run(const json::object& object, UnixSeconds now) {
  VerifyRequest request = TRY(options_of(object, now));
  const Code malformed = certificate_code(request.purpose, CertificateProblem::malformed);
  auto leaf = certificates(object, "leaf");
  if (!leaf) {
    if (is_form_error(leaf.error())) return std::unexpected(leaf.error());
    return report_of(leaf.error(), malformed);
  }
  if (leaf->size() != 1) return wrong("leaf", "one certificate is expected");
  auto intermediates = certificates(object, "intermediates");
  if (!intermediates) {
    if (is_form_error(intermediates.error())) return std::unexpected(intermediates.error());
    VerifyReport report = report_of(intermediates.error(), malformed);
    report.index.reset();
    return report;
  }
  auto trust = certificates(object, "trust");
  if (!trust) {
    if (is_form_error(trust.error())) return std::unexpected(trust.error());
    VerifyReport report = report_of(trust.error(), Code::trust_unusable);
    report.index.reset();
    return report;
  }
  request.chain = std::move(*leaf);
  request.chain.insert(request.chain.end(), intermediates->begin(), intermediates->end());
  request.trust = std::move(*trust);
  return verify(request);
}

Result<json::object> parse(std::string_view line) {
  json::value value = TRY(api::parse_strict_json(line));
  if (!value.is_object()) return fail(Code::bad_request, "the line is not a JSON object");
  return std::move(value.get_object());
}

}  // namespace

std::optional<std::string> eku_from_text(std::string_view text) {
  for (const EkuName& known : kEkuNames) {
    if (known.name == text) return std::string(known.oid);
  }
  const bool is_oid = !text.empty() && text.front() != '.' && text.back() != '.' &&
                      text.find('.') != std::string_view::npos && text.find("..") == std::string_view::npos &&
                      std::ranges::all_of(text, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
  if (!is_oid) return {};
  return std::string(text);
}

Result<std::string> verify_case(std::string_view json_line, UnixSeconds now) {
  const json::object object = TRY(parse(json_line));
  const VerifyReport report = TRY(run(object, now));
  if (!object.contains("id")) return report.json();
  json::object out{{"id", object.at("id")}};
  const json::value verdict = json::parse(report.json());
  for (const auto& member : verdict.get_object()) out.insert(member);
  return json::serialize(out);
}

std::string verify_line(std::string_view json_line, UnixSeconds now) {
  auto verdict = verify_case(json_line, now);
  if (verdict) return *std::move(verdict);
  const Error& error = verdict.error();
  return json::serialize(
      json::object{{"error", {{"code", name(error.code)}, {"where", error.where}, {"words", error.words}}}});
}

}  // namespace symbolon::check
