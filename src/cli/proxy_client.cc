#include "cli/proxy_client.h"

#include <algorithm>

#include "crypto/key.h"
#include "x509/identity.h"
#include "x509/request.h"

namespace symbolon::cli {
namespace {

constexpr Seconds kLeastLife = kDay;
constexpr std::string_view kDefaultName = "client";

struct ClientFiles {
  Path certificate;
  Path key;
};

ClientFiles files_in(const Path& state) { return {state / "client.crt", state / "client.key"}; }

bool admits(const policy::AccessPolicy& rules, const x509::Certificate& certificate) {
  return rules.decide(x509::identity_of(certificate)).allowed();
}

bool is_good(authority::Operations& authority, const ClientFiles& files, const policy::AccessPolicy& rules,
             UnixSeconds now) {
  const auto content = read_file(files.certificate, 1 << 20);
  const auto pem = read_private_file(files.key);
  if (!content || !pem) return false;
  const auto chain = x509::Certificate::from_pem(*content);
  const auto key = crypto::PrivateKey::from_pem(*pem, Secret());
  if (!chain || chain->empty() || !key || !key->belongs_to(chain->front().public_key())) return false;
  const x509::Certificate& leaf = chain->front();
  if (leaf.validity().not_after < now + kLeastLife || !admits(rules, leaf)) return false;
  const auto known = authority.show(leaf.fingerprint().hex());
  return known && known->summary.state == api::CertificateState::issued;
}

// What a certificate could be asked for so that this rule admits it; nothing where it leaves that open.
std::optional<api::IssueRequest> request_for(const policy::Rule& rule) {
  api::IssueRequest request;
  for (const policy::Matcher& matcher : rule.matchers()) {
    if (!matcher.exact()) return {};
    switch (matcher.key()) {
      case policy::RuleKey::cn: request.common_name = matcher.pattern(); break;
      case policy::RuleKey::dns:
      case policy::RuleKey::ip:
      case policy::RuleKey::email:
      case policy::RuleKey::uri:
        request.names.push_back(fmt::format("{}:{}", policy::name(matcher.key()), matcher.pattern()));
        break;
      default: return {};
    }
  }
  return request;
}

std::vector<api::IssueRequest> requests_for(const policy::AllowList& allow) {
  std::vector<api::IssueRequest> out;
  if (allow.any_verified) out.emplace_back().names = {std::string(kDefaultName)};
  for (const policy::Rule& rule : allow.rules) {
    if (auto request = request_for(rule)) out.push_back(std::move(*request));
  }
  return out;
}

// Letters, digits and what no shell takes for its own stand as they are.
std::string shell_word(std::string_view text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_@%+=:,./-").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// A name that a client can ask for.
std::string shown_name(const std::vector<std::string>& names) {
  const auto plain = std::ranges::find_if(names, [](const std::string& name) { return name.find('*') == name.npos; });
  if (plain != names.end()) return *plain;
  return "www" + names.front().substr(1);  // a wildcard stands for the leftmost label alone
}

std::string bracketed(const std::string& host) { return host.find(':') == host.npos ? host : "[" + host + "]"; }

}  // namespace

Status ready_client(authority::Operations& authority, const Path& state, const policy::AccessPolicy& rules,
                    UnixSeconds now) {
  const ClientFiles files = files_in(state);
  if (is_good(authority, files, rules, now)) return {};
  for (api::IssueRequest& request : requests_for(rules.rules().allow)) {
    const auto key = TRY(crypto::PrivateKey::generate(crypto::KeyType::p256));
    request.profile = "client";
    request.csr = TRY(x509::make_request(key, {}, {})).pem();
    const auto issued = authority.issue(request, {.text = "symbolon proxy", .roles = api::Roles::all()}, std::nullopt);
    if (!issued && row(issued.error().code).fault == Fault::policy) continue;  // not a name of a client
    const api::IssueAnswer& answer = TRY(issued);
    const auto made = TRY(x509::Certificate::from_pem(answer.certificate));
    if (!admits(rules, made.front())) continue;
    TRY(write_file(files.key, TRY(key.to_pem()).reveal(), {.mode = 0600, .existing = Existing::replace}));
    return write_file(files.certificate, answer.certificate + answer.chain,
                      {.mode = 0644, .existing = Existing::replace});
  }
  return fail(Code::not_allowed_by_policy, "the rules do not say whom they admit by a whole name");
}

std::string curl_line(const ShownProxy& proxy) {
  const ClientFiles files = files_in(proxy.state);
  const std::string common =
      fmt::format("curl --cacert {} --cert {} --key {}", shell_word((proxy.state / "root.crt").string()),
                  shell_word(files.certificate.string()), shell_word(files.key.string()));
  const std::string name = bracketed(shown_name(proxy.names));
  const net::Endpoint& bound = proxy.bound;
  if (bound.kind == net::Endpoint::Kind::unix_path) {
    return fmt::format("{} --unix-socket {} {}", common, shell_word(bound.host), shell_word("https://" + name + "/"));
  }
  const std::string address = bound.kind == net::Endpoint::Kind::any ? "127.0.0.1" : bracketed(bound.host);
  const bool resolves = name == address || (name == "localhost" && (address == "127.0.0.1" || address == "[::1]"));
  const std::string there =
      resolves ? std::string()
               : " --connect-to " + shell_word(fmt::format("{0}:{1}:{2}:{1}", name, bound.port, address));
  return fmt::format("{}{} {}", common, there, shell_word(fmt::format("https://{}:{}/", name, bound.port)));
}

}  // namespace symbolon::cli
