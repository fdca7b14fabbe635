#include "prove/arguments.h"

#include <algorithm>
#include <cctype>

#include "prove/cases.h"

namespace symbolon::prove {
namespace {

constexpr std::string_view kNobodysName = "nobody.invalid";  // RFC 6761 §6.4
constexpr Seconds kShortestLife{3};
constexpr Seconds kLongestLife = kHour;

// What may stand in the head of a request without ending its line.
bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

// RFC 9110 §5.6.2
bool is_token(std::string_view text) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || kMarks.find(c) != std::string_view::npos;
  });
}

Result<std::string> read_name(std::string text, std::string_view option) {
  if (text.size() > 253 || !is_visible(text)) return fail(Code::usage, "{}: '{}' is no host name", option, text);
  return text;
}

Result<std::string> read_path(std::string text, std::string_view option) {
  if (!text.starts_with("/") || text.size() > 4096 || !is_visible(text)) {
    return fail(Code::usage, "{}: '{}' is no path: it begins with / and has no blanks", option, text);
  }
  return text;
}

Result<std::string> read_text(const std::string& typed) {
  std::string out;
  for (std::size_t i = 0; i < typed.size(); ++i) {
    if (typed[i] != '\\') {
      out += typed[i];
      continue;
    }
    switch (++i < typed.size() ? typed[i] : '\0') {
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 't': out += '\t'; break;
      case '\\': out += '\\'; break;
      default: return fail(Code::usage, "--send: after a backslash stands r, n, t or a backslash");
    }
  }
  if (out.empty() || out.size() > 16'384) return fail(Code::usage, "--send: 1 to 16384 octets");
  return out;
}

Result<Seconds> read_life(const std::string& text) {
  const auto life = parse_duration(text);
  if (!life) return fail(Code::usage, "--life: {}", life.error().words);
  if (*life < kShortestLife || *life > kLongestLife) {
    return fail(Code::usage, "--life: {} to {}", to_text(kShortestLife), to_text(kLongestLife));
  }
  return *life;
}

Result<Target> read_target(const Arguments& arguments) {
  Target target;
  target.endpoint = TRY(read_endpoint(arguments.endpoint));
  const bool named = target.endpoint.kind != net::Endpoint::Kind::unix_path;
  target.server_name = arguments.server_name.value_or(named ? target.endpoint.host : "");
  target.server_name = TRY(read_name(std::move(target.server_name), "--server-name"));
  target.other_name = TRY(read_name(arguments.other_name.value_or(std::string(kNobodysName)), "--host-header"));
  if (target.other_name.empty() || target.other_name == target.server_name) {
    return fail(Code::usage, "--host-header: another name than the server's is wanted");
  }
  if (arguments.path) target.path = TRY(read_path(*arguments.path, "--path"));
  if (arguments.text) target.text = TRY(read_text(*arguments.text));
  return target;
}

Status check_cases(const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    if (find_case(id) == nullptr) return fail(Code::usage, "--only: there is no case '{}' (see --list)", id);
  }
  return {};
}

Status check_headers(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!is_token(name)) return fail(Code::usage, "--identity-header: '{}' is no name of a header", name);
  }
  return {};
}

}  // namespace

Result<net::Endpoint> read_endpoint(const std::string& text) {
  if (text.empty()) return fail(Code::usage, "HOST:PORT is expected");
  const bool is_path = text.starts_with("unix:");
  const bool bare_v6 = !is_path && !text.starts_with("[") && text.find(':') != text.rfind(':');
  const bool has_port = is_path || (!bare_v6 && text.find(':') != std::string::npos && !text.ends_with("]"));
  const std::string host = bare_v6 ? "[" + text + "]" : text;
  auto endpoint = net::Endpoint::parse(has_port ? text : host + ":443");
  if (!endpoint) return fail(Code::usage, "{}: {}", text, endpoint.error().words);
  if (!is_path && endpoint->port == 0) return fail(Code::usage, "{}: port 0 cannot be connected to", text);
  if (endpoint->kind == net::Endpoint::Kind::any) {
    endpoint->kind = net::Endpoint::Kind::name;
    endpoint->host = "localhost";
  }
  return *std::move(endpoint);
}

bool is_here(const net::Endpoint& endpoint) {
  if (endpoint.kind != net::Endpoint::Kind::name) return endpoint.is_local();
  const std::string_view host = endpoint.host;
  return host == "localhost" || host == "localhost." || host.ends_with(".localhost");
}

Result<Plan> read_plan(const Arguments& arguments, UnixSeconds now) {
  TRY(check_cases(arguments.only));
  TRY(check_headers(arguments.identity_headers));
  if (arguments.revoked && arguments.revoke_command) {
    return fail(Code::usage, "--revoked says that it is revoked already, --revoke-command how it will be");
  }
  auto target = TRY(read_target(arguments));
  auto kit = TRY(Kit::read(arguments.kit));
  Plan plan{.target = std::move(target), .kit = std::move(kit)};
  if (arguments.ca) {
    const std::string content = TRY(read_file(*arguments.ca));
    auto bundle = TRY(x509::TrustBundle::from_file_content(content, now, arguments.ca->string()));
    plan.trust = std::make_shared<const x509::TrustBundle>(std::move(bundle));
  }
  if (arguments.ca_key) {
    const Secret key = TRY(read_private_file(*arguments.ca_key));
    plan.ca =
        TRY(KitCa::open(plan.kit.ca_pem(), (plan.kit.folder() / "ca.crt").string(), key, arguments.passphrase, now));
  }
  if (arguments.life) plan.life = TRY(read_life(*arguments.life));
  if (arguments.echo_path) plan.echo_path = TRY(read_path(*arguments.echo_path, "--echo-path"));
  plan.identity_headers = arguments.identity_headers;
  plan.revoke_command = arguments.revoke_command;
  plan.revoked = arguments.revoked;
  plan.only = arguments.only;
  return plan;
}

}  // namespace symbolon::prove
