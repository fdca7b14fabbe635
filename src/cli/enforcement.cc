#include "cli/enforcement.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "base/file.h"
#include "cli/certificate_words.h"
#include "x509/certificate.h"

namespace symbolon::cli {
namespace {

// A file means the first certificate in it.
Result<std::string> fingerprint_in(const Path& file) {
  const auto content = TRY(read_file(file, 1 << 20));
  const auto certificates = TRY(x509::Certificate::from_file_content(content, file.string()));
  if (certificates.empty()) return fail_at(file.string(), Code::certificate_malformed, "no certificate in it");
  return certificates.front().fingerprint().hex();
}

bool looks_like_a_file(std::string_view what) {
  if (what.starts_with('/') || what.starts_with("./") || what.starts_with("../")) return true;
  constexpr std::array<std::string_view, 4> kEndings{".pem", ".crt", ".cer", ".der"};
  return std::ranges::any_of(kEndings, [&](std::string_view ending) { return what.ends_with(ending); });
}

// Asks until every gateway confirms the entry, or the time is over. `enforcement` then says how it stands.
Status await_enforcement(api::Enforcement& enforcement, Seconds most, enroll::AuthorityClient& client) {
  using std::chrono::milliseconds;
  constexpr milliseconds kPause{100};
  const milliseconds before{enforcement.milliseconds};
  const auto begin = std::chrono::steady_clock::now();
  while (!enforcement.missing.empty() && std::chrono::steady_clock::now() - begin < std::chrono::seconds(most.count)) {
    std::this_thread::sleep_for(kPause);
    const api::GatewayList list = TRY(client.gateways());
    const auto confirmed = enforcement.acknowledged;
    enforcement.gateways = static_cast<std::int64_t>(list.gateways.size());
    enforcement.acknowledged = 0;
    enforcement.missing.clear();
    for (const api::GatewayInfo& gateway : list.gateways) {
      const bool enforces = gateway.enforced >= enforcement.number;
      enforcement.acknowledged += enforces ? 1 : 0;
      if (!enforces) enforcement.missing.push_back(gateway.name);
    }
    if (enforcement.acknowledged <= confirmed) continue;
    const auto taken = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
    enforcement.milliseconds = (before + taken).count();
  }
  return {};
}

std::string words_of(const api::Enforcement& enforcement) {
  std::string out = fmt::format("enforced by {} of {} gateways", enforcement.acknowledged, enforcement.gateways);
  if (enforcement.acknowledged > 0) out += fmt::format(", slowest {} ms", enforcement.milliseconds);
  if (!enforcement.missing.empty()) out += fmt::format("; not by {}", joined(enforcement.missing, ", "));
  return out;
}

}  // namespace

Result<std::string> certificate_meant(const std::string& what) {
  return looks_like_a_file(what) ? fingerprint_in(what) : Result<std::string>(what);
}

void print_enforcement(const std::optional<api::Enforcement>& enforcement, bool waited, const Terminal& terminal) {
  if (enforcement) {
    terminal.print("  " + printable(words_of(*enforcement)));
  } else if (waited) {
    terminal.note("no gateway in a process of its own follows this authority: there is nobody to wait for");
  }
}

Status conclude(std::optional<api::Enforcement>& enforcement, const Waiting& waiting, AuthorityLink& link,
                const std::function<void()>& print) {
  Status waited;
  if (waiting.wanted && enforcement) waited = await_enforcement(*enforcement, waiting.at_most, link.client());
  if (waited && waiting.wanted && enforcement && !enforcement->missing.empty()) {
    waited = fail(Code::revocation_not_enforced, "{}", words_of(*enforcement));
  }
  print();
  const Status published = link.finish();
  return waited ? published : waited;
}

}  // namespace symbolon::cli
